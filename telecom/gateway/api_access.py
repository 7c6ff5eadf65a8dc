"""Who may use the HTTP API: accounts by name and password (RFC 7617), and the operator."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Depends, HTTPException, Request, status
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from telecom.gateway.access import Access
from telecom.gateway.account import Account
from telecom.gateway.bind_rules import Refusal

_ANSWERS: Final[Mapping[Refusal, tuple[int, str]]] = {
    Refusal.CREDENTIALS: (status.HTTP_401_UNAUTHORIZED, "unknown account or wrong password"),
    Refusal.LOCKED_OUT: (status.HTTP_429_TOO_MANY_REQUESTS, "too many failures; try again later"),
    Refusal.BUSY: (status.HTTP_503_SERVICE_UNAVAILABLE, "too many requests at once; try again"),
    Refusal.INACTIVE: (status.HTTP_403_FORBIDDEN, "the account is not active"),
}
_CHALLENGE: Final = {"WWW-Authenticate": "Basic"}


async def authenticated(
    request: Request,
    credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic(realm="telecom"))],
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
