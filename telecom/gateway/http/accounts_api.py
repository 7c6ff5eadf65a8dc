"""Accounts over HTTP: the platform's operator makes, changes and deletes them at run time.

What is changed holds on every node within a second, and for sessions that are bound as well: one
whose account is gone, inactive, or may no longer bind as it has, is unbound. Passwords are taken
and never given.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response, status
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError
from redis.exceptions import RedisError

from telecom.gateway.access.access import Access
from telecom.gateway.access.account import Account, AccountTerms, Password, fields_of
from telecom.gateway.access.account_changes import AccountRefused, unknown
from telecom.gateway.access.turns import TooManyWaiting
from telecom.gateway.http.api_access import operator_of_platform

PATIENCE: Final = 5.0
"""Seconds that a request waits for Redis."""
_PAGE: Final = 100
_LONGEST_PAGE: Final = 1000
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status.HTTP_401_UNAUTHORIZED: {"description": "unknown account or wrong password"},
    status.HTTP_403_FORBIDDEN: {"description": "not the platform's operator"},
    status.HTTP_404_NOT_FOUND: {"description": "no such account"},
    status.HTTP_409_CONFLICT: {"description": "it does not go with the accounts there are"},
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: {"description": "the body is not said to be JSON"},
    status.HTTP_429_TOO_MANY_REQUESTS: {"description": "too many failures from this address"},
    status.HTTP_503_SERVICE_UNAVAILABLE: {"description": "Redis does not answer"},
}


class NewAccount(Account):
    """An account to make."""

    password: Annotated[Password, Field(description="of its binds and of this interface")]


class Terms(AccountTerms):
    """Terms of an account, and its password if that is to be another one."""

    password: Password | None = Field(
        default=None, description="another one; without it, the one that there is stays"
    )


class AccountView(Account):
    """An account as it is; an outbind is shown without its password."""

    origin: Literal["file", "stored"] = Field(
        description="from the configuration file, or made or changed by this interface"
    )
    binds: int = Field(description="how many sessions it has, on all nodes")


accounts = APIRouter(
    prefix="/accounts",
    tags=["accounts"],
    dependencies=[Depends(operator_of_platform)],
    responses=_REFUSALS,
)

SystemId = Annotated[str, Path(description="the account's name", examples=["demo"])]


def _access(request: Request) -> Access:
    access: Access = request.app.state.access
    return access


Current = Annotated[Access, Depends(_access)]


@accounts.get("")
async def list_accounts(
    access: Current,
    after: Annotated[str, Query(description="the last system_id of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=_LONGEST_PAGE)] = _PAGE,
) -> list[AccountView]:
    """List accounts in the order of their system_ids."""
    found = sorted(
        (account for account in access.accounts if account.system_id > after),
        key=lambda account: account.system_id,
    )
    async with _refusals():
        return await _views(access, found[:limit])


@accounts.get("/{system_id:path}")
async def show_account(access: Current, system_id: SystemId) -> AccountView:
    """Show an account."""
    async with _refusals():
        return await _view(access, system_id)


@accounts.post("", status_code=status.HTTP_201_CREATED)
async def make_account(
    request: Request, response: Response, access: Current, new: NewAccount
) -> AccountView:
    """Make an account; 409 if there is one of this name, or with one of its numbers."""
    async with _refusals():
        await access.changes.create(Account(**fields_of(new)), new.password)
        response.headers["Location"] = f"{request.url.path}/{quote(new.system_id)}"
        return await _view(access, new.system_id)


@accounts.put("/{system_id:path}")
async def replace_account(access: Current, system_id: SystemId, body: Terms) -> AccountView:
    """Give an account other terms, or make it: what is not given is as for a new account.

    Without a password it keeps the one it has.
    """
    async with _refusals():
        terms = {name: getattr(body, name) for name in AccountTerms.model_fields}
        await access.changes.replace(Account(system_id=system_id, **terms), body.password)
        return await _view(access, system_id)


@accounts.patch("/{system_id:path}")
async def change_account(access: Current, system_id: SystemId, body: Terms) -> AccountView:
    """Change some of an account's terms: what is not given stays as it is.

    A new password is for new binds and requests: sessions that are bound go on. They end when
    `active` is made false.

    An account that the configuration file has is from then on as it is here, whatever the file
    says, until it is deleted here.
    """
    async with _refusals():
        terms = {name: getattr(body, name) for name in body.model_fields_set - {"password"}}
        await access.changes.change(system_id, terms, body.password)
        return await _view(access, system_id)


@accounts.delete("/{system_id:path}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_account(access: Current, system_id: SystemId) -> None:
    """Delete an account; one that the configuration file has is again what the file says.

    409 for an account of the file that nothing was made of: `active` may be set to false.
    """
    async with _refusals():
        await access.changes.delete(system_id)


async def _view(access: Access, system_id: str) -> AccountView:
    account = access.accounts.get(system_id)
    if account is None:
        raise unknown(system_id)
    (view,) = await _views(access, [account])
    return view


async def _views(access: Access, shown: Iterable[Account]) -> list[AccountView]:
    found = list(shown)
    counts = await access.binds.count(account.system_id for account in found)
    return [
        AccountView(
            **fields_of(account),
            origin="stored" if account.system_id in access.accounts.stored else "file",
            binds=counts[account.system_id].all,
        )
        for account in found
    ]


@asynccontextmanager
async def _refusals() -> AsyncIterator[None]:
    """Turn what a change is refused for into the answer to the request."""
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except AccountRefused as refusal:
        raise HTTPException(refusal.http_status, str(refusal)) from None
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None
    except TooManyWaiting:
        why = "too many passwords are being checked; try again"
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, why) from None
    except (RedisError, TimeoutError):
        why = "Redis does not answer: a change may have been made or not; try again"
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, why) from None
