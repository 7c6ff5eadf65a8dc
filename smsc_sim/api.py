"""The control API: what a test or a person may ask of the simulated SMSC over HTTP."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request, status
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from smsc_sim.config import Account
from smsc_sim.control import Control, UnknownError
from smsc_sim.mo import MoMessage, MoStream
from smsc_sim.rules import Rule
from smsc_sim.views import (
    AlertToSend,
    Congestion,
    Drop,
    Dropped,
    Health,
    MessageView,
    MoSent,
    OutbindToSend,
    Password,
    PduView,
    ReceiptToSend,
    Reset,
    RuleTable,
    Seed,
    SessionView,
    StreamView,
)
from telecom.runtime.http_bounds import wrong_request
from telecom.smpp.errors import SmppError


def make_api(control: Control) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="smsc-sim", description=__doc__ or "")
    app.state.control = control
    app.include_router(router)
    app.add_exception_handler(RequestValidationError, wrong_request)
    for error, code in _STATUS_OF.items():
        app.add_exception_handler(error, _answer_with(code))
    return app


def _control(request: Request) -> Control:
    control: Control = request.app.state.control
    return control


Controlled = Annotated[Control, Depends(_control)]
Name = Annotated[str, PathParameter(pattern="^[A-Za-z0-9_.-]{1,64}$")]
SystemIdPath = Annotated[str, PathParameter(pattern="^[ -~]{1,15}$")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Numbers = Annotated[bool, Query(description="Show whole numbers, not their last digits alone.")]
router = APIRouter()

_STATUS_OF: dict[type[Exception], int] = {
    UnknownError: status.HTTP_404_NOT_FOUND,
    ValueError: 422,
    SmppError: status.HTTP_502_BAD_GATEWAY,
    OSError: status.HTTP_502_BAD_GATEWAY,
}


def _answer_with(code: int) -> Callable[[Request, Exception], JSONResponse]:
    def answer(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=code)

    return answer


@router.get("/healthz")
async def healthz(control: Controlled) -> Health:
    """Tell that the simulator works, and how much it has."""
    return control.health()


@router.post("/reset", status_code=status.HTTP_204_NO_CONTENT)
async def reset(control: Controlled, wanted: Reset | None = None) -> None:
    """Begin again as the configuration has it, with the same or another seed; sessions go on."""
    control.reset(wanted.seed if wanted is not None else None)


# Rules


@router.get("/rules", response_model_exclude_unset=True)
async def rules(control: Controlled) -> RuleTable:
    """Show the rules in the order in which they are tried; what is left out is as usual."""
    return RuleTable(seed=control.smsc.rules.seed, rules=control.smsc.rules.rows)


@router.put("/rules", response_model_exclude_unset=True)
async def set_rules(table: RuleTable, control: Controlled) -> RuleTable:
    """Set all rules in place of those before; counts and sequences begin anew."""
    control.set_rules(table)
    return await rules(control)


@router.put("/seed")
async def set_seed(wanted: Seed, control: Controlled) -> Seed:
    """Set the seed; counts and sequences of the rules begin anew."""
    control.set_rules(RuleTable(seed=wanted.seed, rules=control.smsc.rules.rows))
    return wanted


@router.get("/rules/{name}", response_model_exclude_unset=True)
async def rule(name: Name, control: Controlled) -> Rule:
    """Show a rule."""
    return control.rule(name)


@router.put("/rules/{name}", response_model_exclude_unset=True)
async def put_rule(
    name: Name,
    rule: Rule,
    control: Controlled,
    first: Annotated[bool, Query(description="Try a new one before the others.")] = False,
) -> Rule:
    """Put a rule in the place of the one with this name, or add it; the others go on counting."""
    return control.put_rule(rule.model_copy(update={"name": name}), first=first)


@router.patch("/rules/{name}", response_model_exclude_unset=True)
async def patch_rule(name: Name, patch: dict[str, Any], control: Controlled) -> Rule:
    """Change a rule as RFC 7396 has it: what is left out stays, null takes a key away."""
    said = control.rule(name).model_dump(mode="json", exclude_unset=True)
    try:
        changed = Rule.model_validate({**merged(said, patch), "name": name})
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None
    return control.put_rule(changed, first=False)


@router.delete("/rules/{name}", status_code=status.HTTP_204_NO_CONTENT)
async def remove_rule(name: Name, control: Controlled) -> None:
    """Take a rule away."""
    control.remove_rule(name)


# Accounts and sessions


@router.get("/accounts")
async def accounts(control: Controlled) -> list[str]:
    """List who may bind."""
    return control.accounts.system_ids


@router.put("/accounts/{system_id}", status_code=status.HTTP_204_NO_CONTENT)
async def put_account(system_id: SystemIdPath, password: Password, control: Controlled) -> None:
    """Add an account, or change its password, for the binds to come."""
    control.accounts.put(Account(system_id=system_id, password=password.password))


@router.delete("/accounts/{system_id}", status_code=status.HTTP_204_NO_CONTENT)
async def remove_account(system_id: SystemIdPath, control: Controlled) -> None:
    """Take an account away; its sessions go on."""
    control.remove_account(system_id)


@router.get("/sessions")
async def sessions(control: Controlled, account: str | None = None) -> list[SessionView]:
    """List the sessions that are bound."""
    return [SessionView.of(session) for session in control.sessions(account=account)]


@router.post("/sessions/drop")
async def drop_sessions(drop: Drop, control: Controlled) -> Dropped:
    """End one session, those of an account, or all: closed, reset (RST), or unbound."""
    return Dropped(dropped=control.drop(drop))


@router.put("/congestion", status_code=status.HTTP_204_NO_CONTENT)
async def tell_congestion(wanted: Congestion, control: Controlled) -> None:
    """Have every response to an ESME of 5.0 carry this congestion_state, as long as it is bound."""
    control.tell_congestion(wanted.congestion, wanted.account)


@router.post("/outbinds")
async def outbind(wanted: OutbindToSend, control: Controlled) -> SessionView:
    """Call an ESME that listens and send it outbind; 502 when it does not bind."""
    return SessionView.of(await control.outbind(wanted))


# Messages


@router.get("/messages")
async def messages(
    control: Controlled,
    account: str | None = None,
    state: str | None = None,
    limit: Limit = 100,
    numbers: Numbers = False,
) -> list[MessageView]:
    """List the last messages that ESMEs have submitted, the newest first."""
    found = control.messages(account=account, state=state, limit=limit)
    return [MessageView.of(message, numbers=numbers) for message in found]


@router.get("/messages/{message_id}")
async def message(message_id: str, control: Controlled, numbers: Numbers = False) -> MessageView:
    """Show a message by the id that its response gave."""
    return MessageView.of(control.message(message_id), numbers=numbers)


@router.post("/messages/{message_id}/receipts")
async def send_receipt(message_id: str, receipt: ReceiptToSend, control: Controlled) -> MessageView:
    """Send a receipt of a message now, whether one was asked for or not."""
    return MessageView.of(control.send_receipt(message_id, receipt), numbers=False)


@router.post("/mo", status_code=status.HTTP_202_ACCEPTED)
async def send_mo(message: MoMessage, control: Controlled) -> MoSent:
    """Send an MO message to a receiver of the account; without one it waits for one."""
    return control.send_mo(message)


@router.get("/mo/streams", response_model_exclude_unset=True)
async def streams(control: Controlled) -> list[StreamView]:
    """List the streams of MO messages."""
    return [StreamView.of(running) for running in control.smsc.mobile_originated.streams]


@router.post("/mo/streams", status_code=status.HTTP_201_CREATED, response_model_exclude_unset=True)
async def start_stream(stream: MoStream, control: Controlled) -> StreamView:
    """Begin a stream of MO messages; it waits while the account has no receiver."""
    return control.start_stream(stream)


@router.delete("/mo/streams/{number}", status_code=status.HTTP_204_NO_CONTENT)
async def stop_stream(number: int, control: Controlled) -> None:
    """Stop a stream."""
    control.stop_stream(number)


@router.post("/alerts", status_code=status.HTTP_202_ACCEPTED)
async def alert(wanted: AlertToSend, control: Controlled) -> None:
    """Send an alert_notification to a receiver of the account."""
    control.alert(wanted)


# PDUs


@router.get("/pdus")
async def pdus(
    control: Controlled,
    account: str | None = None,
    session: int | None = None,
    limit: Limit = 100,
    numbers: Numbers = False,
) -> list[PduView]:
    """List the last PDUs that were sent or received, the newest first; passwords are stars."""
    found = control.pdus(account=account, session=session, limit=limit)
    return [PduView.of(entry, numbers=numbers) for entry in found]


@router.delete("/pdus", status_code=status.HTTP_204_NO_CONTENT)
async def forget_pdus(control: Controlled) -> None:
    """Empty the ring of PDUs."""
    control.forget_pdus()


def merged(said: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Return what a merge patch makes of an object, RFC 7396 2."""
    result = dict(said)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            before = result.get(key)
            result[key] = merged(before if isinstance(before, dict) else {}, value)
        else:
            result[key] = value
    return result
