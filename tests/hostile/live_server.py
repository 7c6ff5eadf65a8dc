"""An SMPP server as it runs in production, for peers that mean no good.

It listens with and without TLS, and its limits are small, so that every one of them is reached. It
prints a JSON line when it is ready and ends at SIGTERM: with status 1 if anything is left over.
"""

import asyncio
import gc
import json
import sys
from pathlib import Path

import structlog

from telecom.net.smpp.link import LinkLimits
from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.net.smpp.terms import ServerLimits, SessionTerms
from telecom.net.smpp.tls import self_signed, server_context
from telecom.runtime import logs, service
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import Bind, DeliverSm, Pdu, SubmitSm, SubmitSmResp
from telecom.smpp.status import CommandStatus

DELIVERIES = 50
"""Sent to each ESME that binds as "receiver"."""
LIMITS = ServerLimits(
    link=LinkLimits(
        session=SessionLimits(window=20), out_buffer=1 << 16, unanswered=1000, queued=100
    ),
    connections=300,
    unbound_connections=100,
)
DELIVER = DeliverSm(source_addr=b"447700900123", destination_addr=b"1", short_message=b"hello")


async def authenticate(bind: Bind, session: ServerSession) -> int | SessionTerms:
    """Let in the honest, and the hostile who know the password."""
    if bind.password != b"secret":
        return CommandStatus.ESME_RINVPASWD
    return CommandStatus.ESME_ROK if bind.system_id == b"honest" else SessionTerms(window=10)


def bound(session: ServerSession) -> None:
    if session.system_id == "receiver":
        for _ in range(DELIVERIES):
            session.request(DELIVER).add_done_callback(lambda future: future.exception())


def answer(session: ServerSession, requests: list[Pdu]) -> None:
    for request in requests:
        if isinstance(request, SubmitSm):
            session.respond(request, SubmitSmResp(b"%d" % request.sequence_number))
        else:
            session.reject(request, CommandStatus.ESME_RINVCMDID)


async def serve(stop: asyncio.Event) -> int:
    logs.configure(level="error")
    server = SmppServer(
        authenticate=authenticate, on_requests=answer, on_bound=bound, limits=LIMITS
    )
    await server.start("127.0.0.1", 0)
    await server.start("127.0.0.1", 0, server_context(*self_signed(Path(sys.argv[1]))))
    (_, plain), (_, secure) = server.addresses
    sys.stdout.write(json.dumps({"plain": plain, "secure": secure}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await server.close(5)
    left = [task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()}]
    if left or server.sessions or gc_finds_sessions():
        structlog.get_logger().error("left over", tasks=left, sessions=gc_finds_sessions())
        return 1
    return 0


def gc_finds_sessions() -> int:
    """Count the sessions that something still refers to."""
    gc.collect()
    return sum(isinstance(thing, ServerSession) for thing in gc.get_objects())


if __name__ == "__main__":
    sys.exit(service.run(serve))
