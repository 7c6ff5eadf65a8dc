"""The control API: what a test or a person may ask of the simulated network over HTTP."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request, status
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from hlr_sim.config import FaultTable
from hlr_sim.control import Control, UnknownOperatorError, UnknownSubscriberError
from hlr_sim.views import (
    CorrelationPatch,
    CorrelationView,
    MessageToSend,
    OperatorView,
    ReceivedView,
    SentView,
    SubscriberPatch,
    SubscriberView,
)
from telecom.runtime.http_bounds import wrong_request
from telecom.sms.errors import SmsError


def make_api(control: Control, *, health: Callable[[], dict[str, Any]]) -> FastAPI:
    """Return the application; `health` says how the node is, in JSON's terms."""
    app = FastAPI(title="hlr-sim", description=__doc__ or "")
    app.state.control = control
    app.state.health = health
    app.include_router(router)
    app.add_exception_handler(RequestValidationError, wrong_request)
    for error, code in _STATUS_OF.items():
        app.add_exception_handler(error, _answer_with(code))
    return app


def _control(request: Request) -> Control:
    control: Control = request.app.state.control
    return control


Controlled = Annotated[Control, Depends(_control)]
Msisdn = Annotated[str, PathParameter(pattern=r"^[0-9]{1,15}$", examples=["447700900123"])]
router = APIRouter()

_STATUS_OF: dict[type[Exception], int] = {
    UnknownSubscriberError: status.HTTP_404_NOT_FOUND,
    UnknownOperatorError: 422,
    SmsError: 422,
}


def _answer_with(code: int) -> Callable[[Request, Exception], JSONResponse]:
    def answer(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=code)

    return answer


@router.get("/healthz")
async def healthz(request: Request) -> dict[str, Any]:
    """Tell that the simulator works, and whether a peer's SS7 link is up."""
    health: dict[str, Any] = request.app.state.health()
    return health


@router.get("/operators")
async def operators(control: Controlled) -> list[OperatorView]:
    """List the operators, their number ranges and their nodes' global titles."""
    return control.operators()


@router.get("/subscribers")
async def subscribers(
    control: Controlled,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[SubscriberView]:
    """List the subscribers who are not, or no longer, just what their numbers say."""
    return list(control.touched(offset, limit))


@router.get("/subscribers/{msisdn}")
async def subscriber(msisdn: Msisdn, control: Controlled) -> SubscriberView:
    """Show a subscriber as it is now; any number of the operators' ranges is one."""
    return control.subscriber(msisdn)


@router.patch("/subscribers/{msisdn}")
async def change_subscriber(
    msisdn: Msisdn, patch: SubscriberPatch, control: Controlled
) -> SubscriberView:
    """Change a subscriber; if it can be reached again, waiting service centres are alerted."""
    return control.change(msisdn, patch)


@router.delete("/subscribers/{msisdn}", status_code=status.HTTP_204_NO_CONTENT)
async def forget_subscriber(msisdn: Msisdn, control: Controlled) -> None:
    """Make a subscriber what its number says again, with an empty handset."""
    control.forget(msisdn)


@router.get("/subscribers/{msisdn}/messages")
async def received_messages(msisdn: Msisdn, control: Controlled) -> list[ReceivedView]:
    """List the messages that the handset got, whole, oldest first."""
    return control.received(msisdn)


@router.post("/subscribers/{msisdn}/messages", status_code=status.HTTP_202_ACCEPTED)
async def send_message(msisdn: Msisdn, message: MessageToSend, control: Controlled) -> SentView:
    """Have the handset send a text (MO-ForwardSM); `sent` shows what became of it."""
    return control.send(msisdn, message)


@router.get("/subscribers/{msisdn}/sent")
async def sent_messages(msisdn: Msisdn, control: Controlled) -> list[SentView]:
    """List the messages that the handset sent, oldest first."""
    return control.sent(msisdn)


@router.get("/faults")
async def faults(control: Controlled) -> FaultTable:
    """Show the faults that are set."""
    return control.faults()


@router.put("/faults")
async def set_faults(table: FaultTable, control: Controlled) -> FaultTable:
    """Set the faults; the sequence that says which dialogues they hit starts with the seed."""
    control.set_faults(table)
    return control.faults()


@router.get("/correlation")
async def correlation(control: Controlled) -> CorrelationView:
    """Show what the receiving side's GT correlation has found."""
    return control.correlation()


@router.patch("/correlation")
async def set_correlation(patch: CorrelationPatch, control: Controlled) -> CorrelationView:
    """Say whether MT dialogues that do not match their SRI-SM are refused."""
    control.set_reject(reject=patch.reject)
    return control.correlation()
