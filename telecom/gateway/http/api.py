"""The gateway's HTTP API: health, metrics, accounts, number lookup, statements, evidence."""

import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from redis.exceptions import RedisError

from telecom.charging.statements import month_of
from telecom.gateway.access.access import Access
from telecom.gateway.access.lockout import IpNetwork
from telecom.gateway.http.accounts_api import accounts
from telecom.gateway.http.api_access import Caller, Inside, Operator, insider
from telecom.gateway.http.health import Health
from telecom.gateway.http.ledger_reader import LedgerReader
from telecom.gateway.lookups import LookupRefused, Lookups
from telecom.gateway.metrics import Metrics
from telecom.runtime.http_bounds import wrong_request

_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
_DIGITS = r"^\+?[0-9]{1,15}$"


class LookupRequest(BaseModel):
    """A number to look up, in international format."""

    msisdn: Annotated[str, Field(pattern=_DIGITS, examples=["447700900123"])]


class EvidenceQuery(BaseModel):
    """Which pairs are asked for; `since` and `until` are ISO 8601, UTC where they say no zone."""

    number: Annotated[str | None, Field(pattern=_DIGITS)] = None
    operator: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def make_api(
    access: Access,
    lookups: Lookups,
    ledger: LedgerReader,
    *,
    health: Health,
    metrics: Metrics,
    trusted: Sequence[IpNetwork],
    drain: Callable[[], None],
) -> FastAPI:
    """Return the application; every path under /v1 wants an account's name and password.

    Who asks from a `trusted` network sees how the node does without.
    """
    app = FastAPI(title="telecom gateway", description=__doc__ or "")
    app.state.access = access
    app.state.lookups = lookups
    app.state.ledger = ledger
    app.state.health = health
    app.state.metrics = metrics
    app.state.trusted = trusted
    app.state.drain = drain
    app.add_exception_handler(RequestValidationError, wrong_request)
    app.include_router(operation)
    app.include_router(services, prefix="/v1")
    app.include_router(accounts, prefix="/v1")
    return app


operation = APIRouter(tags=["operation"])
services = APIRouter()


@operation.get("/healthz")
async def healthz(request: Request, response: Response, inside: Inside) -> dict[str, Any]:
    """Tell whether the node works and takes more: 503 when it does not.

    In the networks of http.trusted, and to the platform's operator, it names the faults as well,
    and the upstreams.
    """
    health: Health = request.app.state.health
    faults = {} if health.is_draining else await health.faults()
    works = {"status": "draining" if health.is_draining else "faulty" if faults else "ok"}
    if works["status"] != "ok":
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return {**works, "faults": faults, "upstreams": health.upstreams} if inside else works


@operation.get("/metrics", dependencies=[Depends(insider)])
async def prometheus(request: Request) -> Response:
    """Return the node's metrics as Prometheus reads them.

    In the networks of http.trusted, and elsewhere to the platform's operator.
    """
    metrics: Metrics = request.app.state.metrics
    health: Health = request.app.state.health
    with contextlib.suppress(RedisError):
        await health.measure_queue()
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


@services.post("/lookups", tags=["number lookup"])
async def look_up(asked: LookupRequest, request: Request, caller: Caller) -> dict[str, Any]:
    """Ask the number's operator whether it can be reached, is ported, is roaming."""
    lookups: Lookups = request.app.state.lookups
    try:
        return await lookups.query(caller, asked.msisdn.removeprefix("+"))
    except LookupRefused as refusal:
        raise HTTPException(refusal.http_status, str(refusal)) from None


@services.get("/statement", tags=["charging"])
async def statement(
    request: Request,
    caller: Caller,
    client: str | None = None,
    month: Annotated[str | None, Query(pattern=_MONTH)] = None,
) -> dict[str, Any]:
    """Return a month's billable events; the platform's operator may ask for any client."""
    client = client or caller.system_id
    if client != caller.system_id and not caller.operator_of_platform:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "another client's statement")
    ledger: LedgerReader = request.app.state.ledger
    month = month or month_of(datetime.now(UTC).timestamp())
    return {"client": client, "month": month, "lines": await ledger.statement(client, month)}


@services.get("/evidence", tags=["GT matching"])
async def evidence(
    request: Request, _: Operator, asked: Annotated[EvidenceQuery, Query()]
) -> StreamingResponse:
    """Stream every SRI-SM and MT-ForwardSM pair as JSON lines, for a complaint."""
    ledger: LedgerReader = request.app.state.ledger
    lines = ledger.evidence(**asked.model_dump())
    return StreamingResponse(lines, media_type="application/x-ndjson")


@services.post("/drain", status_code=status.HTTP_202_ACCEPTED, tags=["operation"])
async def drain(request: Request, _: Operator) -> dict[str, str]:
    """Have the node take no more: it answers what it holds, unbinds, and waits to be stopped.

    From now on /healthz says "draining", with 503.
    """
    begin: Callable[[], None] = request.app.state.drain
    begin()
    return {"status": "draining"}
