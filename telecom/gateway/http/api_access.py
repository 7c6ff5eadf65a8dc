"""Who may use the HTTP API: accounts by name and password (RFC 7617), and the operator.

How the node does, which tells who its accounts and upstreams are, is for whoever asks from a
network that is trusted, and from elsewhere for the operator.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Depends, HTTPException, Request, status
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from telecom.gateway.access.access import Access
from telecom.gateway.access.account import Account
from telecom.gateway.access.bind_rules import Refusal
from telecom.gateway.access.lockout import is_in

_ANSWERS: Final[Mapping[Refusal, tuple[int, str]]] = {
    Refusal.CREDENTIALS: (status.HTTP_401_UNAUTHORIZED, "unknown account or wrong password"),
    Refusal.LOCKED_OUT: (status.HTTP_429_TOO_MANY_REQUESTS, "too many failures; try again later"),
    Refusal.BUSY: (status.HTTP_503_SERVICE_UNAVAILABLE, "too many requests at once; try again"),
    Refusal.INACTIVE: (status.HTTP_403_FORBIDDEN, "the account is not active"),
}
_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="telecom"'}
_FORWARDED: Final = ("forwarded", "x-forwarded-for")
"""RFC 7239 4, and what most proxies write in its place."""
_basic = HTTPBasic(realm="telecom")
_basic_or_nothing = HTTPBasic(realm="telecom", auto_error=False)


async def authenticated(
    request: Request, credentials: Annotated[HTTPBasicCredentials, Depends(_basic)]
) -> Account:
    """Return the account whose name and password came with the request."""
    access: Access = request.app.state.access
    found = await access.authentication.check(
        credentials.username,
        credentials.password.encode(),
        host=request.client.host if request.client else "",
        interface="http",
    )
    if isinstance(found, Account) and not found.active:
        found = Refusal.INACTIVE
    if isinstance(found, Account):
        return found
    code, why = _ANSWERS[found]
    challenge = _CHALLENGE if found is Refusal.CREDENTIALS else None
    raise HTTPException(code, why, headers=challenge)


Caller = Annotated[Account, Depends(authenticated)]


def operator_of_platform(caller: Caller) -> Account:
    """Return the caller's account if it is the platform's operator's."""
    if not caller.operator_of_platform:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "only for the platform's operator")
    return caller


Operator = Annotated[Account, Depends(operator_of_platform)]


async def sees_inside(
    request: Request,
    credentials: Annotated[HTTPBasicCredentials | None, Depends(_basic_or_nothing)],
) -> bool:
    """Tell whether the caller may see how the node does, other than whether it works."""
    host = request.client.host if request.client else ""
    came_by_proxy = any(name in request.headers for name in _FORWARDED)
    if is_in(host, request.app.state.trusted) and not came_by_proxy:
        return True
    return credentials is not None and bool(
        operator_of_platform(await authenticated(request, credentials))
    )


Inside = Annotated[bool, Depends(sees_inside)]


def insider(inside: Inside) -> None:
    """Refuse who may not see how the node does."""
    if not inside:
        why = "only for the platform's operator, and in the networks of http.trusted"
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, why, headers=_CHALLENGE)
