"""The gateway's HTTP API as the commands use it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from telecom.runtime.errors import CommandError, ConnectionFailed

LAB_URL = "http://127.0.0.1:8080"


@contextmanager
def api(url: str, system_id: str, password: str) -> Iterator[httpx.Client]:
    """Open a client of the API; what goes wrong with it ends the command with one line."""
    try:
        with httpx.Client(
            base_url=url,
            auth=(system_id, password),
            timeout=60,
            event_hooks={"response": [_read_error]},
        ) as client:
            yield client
    except httpx.HTTPStatusError as error:
        raise CommandError(_refusal(error.response, system_id)) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise ConnectionFailed(f"{url} is no HTTP address; try --url {LAB_URL}") from None
    except httpx.TransportError as error:
        raise ConnectionFailed(
            f"no gateway answers at {url} ({error}); start one with 'telecom lab', or give --url"
        ) from None


def get(client: httpx.Client, path: str, parameters: Mapping[str, str | None]) -> Any:
    """Return the JSON that the API answers with; a parameter of None is not sent."""
    given = {key: value for key, value in parameters.items() if value is not None}
    return client.get(path, params=given).raise_for_status().json()


def _refusal(response: httpx.Response, system_id: str) -> str:
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return f"the gateway does not know {system_id!r} with that password; see --system-id"
    if response.status_code == httpx.codes.FORBIDDEN:
        return f"{system_id!r} may not see that"
    return f"the gateway answered {response.status_code}: {detail(response)}"


def detail(response: httpx.Response) -> str:
    """Return the reason that an error of the API gives."""
    try:
        said = response.json()["detail"]
        if isinstance(said, str):
            return said
        return "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in said)
    except (ValueError, LookupError, TypeError):
        return response.reason_phrase


def _read_error(response: httpx.Response) -> None:
    """Read an error to its end while that can be done: a stream is closed before it is told."""
    if response.is_error:
        response.read()
