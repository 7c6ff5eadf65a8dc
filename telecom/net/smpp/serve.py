"""A server in one call: a function of the user's is called for each message, and answers it."""

from collections.abc import Awaitable, Callable
from ssl import SSLContext

import structlog

from telecom.net.smpp.link import TcpCapture
from telecom.net.smpp.server import Authenticate, ServerSession, SmppServer
from telecom.net.smpp.terms import ServerLimits
from telecom.net.tasks import spawn
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import DataSm, DataSmResp, Pdu, SubmitSm, SubmitSmResp
from telecom.smpp.status import CommandStatus

_log = structlog.get_logger("telecom.smpp")

OnSubmit = Callable[[ServerSession, SubmitSm | DataSm], Awaitable[str | int]]
"""Takes a message: its message id, or the command_status to refuse it with."""


async def serve(
    on_submit: OnSubmit,
    *,
    authenticate: Authenticate,
    host: str = "127.0.0.1",
    port: int = 2775,
    system_id: str = "telecom",
    ssl: SSLContext | None = None,
    limits: ServerLimits | None = None,
    capture: TcpCapture | None = None,
) -> SmppServer:
    """Listen for ESMEs and call `on_submit` for each submit_sm and data_sm.

    It may raise `PduError` to refuse one; what else it raises is answered ESME_RSYSERR. Raises
    `OSError` when the address cannot be had.
    """

    def on_requests(session: ServerSession, requests: list[Pdu]) -> None:
        for request in requests:
            if isinstance(request, SubmitSm | DataSm):
                spawn(_submit(on_submit, session, request), name="submit")
            else:
                session.reject(request, CommandStatus.ESME_RINVCMDID)

    server = SmppServer(
        authenticate=authenticate,
        on_requests=on_requests,
        system_id=system_id,
        limits=limits,
        capture=capture,
    )
    await server.start(host, port, ssl)
    return server


async def _submit(on_submit: OnSubmit, session: ServerSession, request: SubmitSm | DataSm) -> None:
    try:
        answer = await on_submit(session, request)
    except PduError as error:
        answer = error.status
    except Exception:  # noqa: BLE001 - the peer needs an answer all the same
        _log.exception("smpp_submit_failed", system_id=session.system_id)
        answer = CommandStatus.ESME_RSYSERR
    if isinstance(answer, str):
        response = SubmitSmResp if isinstance(request, SubmitSm) else DataSmResp
        session.respond(request, response(answer.encode("latin-1")))
    else:
        session.reject(request, answer)
