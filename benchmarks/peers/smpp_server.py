"""Our SMPP server alone: every field is decoded, every message gets an id, nothing is kept."""

import asyncio
import signal
import sys
from itertools import count

import uvloop

from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.runtime import logs
from telecom.smpp.pdus import Pdu, SubmitSm, SubmitSmResp
from telecom.smpp.status import CommandStatus

_ids = count()


async def _authenticate(_bind: Pdu, _session: ServerSession) -> int:
    return CommandStatus.ESME_ROK


def _answer(session: ServerSession, requests: list[Pdu]) -> None:
    for request in requests:
        if isinstance(request, SubmitSm):
            session.respond(request, SubmitSmResp(b"0568ac1f3a%010x" % next(_ids)))
        else:
            session.reject(request, CommandStatus.ESME_RINVCMDID)


async def _serve(port: int) -> None:
    logs.configure(level="error")
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = SmppServer(authenticate=_authenticate, on_requests=_answer)
    await server.start("127.0.0.1", port)
    print("ready", flush=True)
    await ended.wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
