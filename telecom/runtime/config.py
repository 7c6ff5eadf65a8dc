"""Configuration files: TOML into a pydantic model, an error as one line."""

import tomllib
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from telecom.runtime.errors import ConfigError

ModelT = TypeVar("ModelT", bound=BaseModel)

Port = Annotated[int, Field(ge=0, le=65535)]
Digits = Annotated[str, Field(pattern=r"^[0-9]{1,15}$")]
Seconds = Annotated[float, Field(gt=0, le=1e9)]
"""Thirty years at most: TOML has inf, and timers have not."""
PointCode = Annotated[int, Field(ge=0, le=0xFFFFFF)]
RoutingContext = Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
SystemId = Annotated[str, Field(pattern="^[ -~]{0,15}$")]
"""SMPP 3.4 5.2.1: C-Octet String of 15 ASCII characters."""


def _network(value: object) -> object:
    """Read a network; one of IPv4 addresses in IPv6 (RFC 4291 2.5.5.2) is a network of IPv4."""
    if not isinstance(value, str):
        return value
    try:
        network = ip_network(value)
    except ValueError:
        raise ValueError("a network such as 192.0.2.0/24 or 2001:db8::/32") from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return IPv4Network((mapped, network.prefixlen - 96)) if mapped else network


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


class Table(BaseModel):
    """A table of a file; a key it doesn't know is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def shipped_configs() -> Path:
    """Return the folder of the lab's configuration: of the installed package or the checkout."""
    package = Path(__file__).parents[1]
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"


def load(model: type[ModelT], path: Path, **overrides: Any) -> ModelT:
    """Read a TOML file into `model`; `overrides` replace top-level keys.

    Raises `ConfigError` with one line: the file, the key, what was expected there.
    """
    return parse(model, {**read_toml(path), **overrides}, source=path)


def read_toml(path: Path) -> dict[str, Any]:
    """Return the file's table; raises `ConfigError` where it can't be read or isn't TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: expected UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: expected TOML: {error}") from None


def parse(model: type[ModelT], table: dict[str, Any], *, source: Path | str) -> ModelT:
    """Check a table against `model`; `source` is the name that a `ConfigError` gives."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_first_line(error)}") from None


def moved(port: int, offset: int) -> int:
    """Return a port moved by `offset`; raises `ConfigError` where it would be none any more."""
    if port + offset not in range(65536):
        raise ConfigError(f"port {port} moved by {offset} is none: expected 0 to 65535")
    return port + offset


def _first_line(error: ValidationError) -> str:
    details = error.errors(include_url=False)
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return f"{_where(details[0])}: {_expected(details[0])}{more}"


def _where(detail: ErrorDetails) -> str:
    key = ""
    for part in detail["loc"]:
        key += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if key else str(part)
    return key or "file"


def _expected(detail: ErrorDetails) -> str:
    if detail["type"] == "missing":
        return "expected a value, the key is missing"
    if detail["type"] == "extra_forbidden":
        return "expected no such key; check its spelling"
    if detail["type"] == "tuple_type":
        return f"expected an array, found {_shown(detail)}"
    said = detail["msg"].removeprefix("Value error, ")
    said = said[0].lower() + said[1:]
    expected = f"expected {said.removeprefix('input should be ')}"
    if isinstance(detail["input"], dict | list | tuple):  # it says little, and may hold a password
        return expected
    return f"{expected}, found {_shown(detail)}"


def _shown(detail: ErrorDetails) -> str:
    if any("password" in str(part) or "secret" in str(part) for part in detail["loc"]):
        return "something else"
    shown = repr(detail["input"])
    return shown if len(shown) <= 60 else shown[:57] + "..."
