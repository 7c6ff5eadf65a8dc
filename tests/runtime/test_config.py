from pathlib import Path
from typing import Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from telecom.runtime.config import load, moved
from telecom.runtime.errors import ConfigError, ExitStatus


class Listener(BaseModel):
    model_config = ConfigDict(extra="forbid")
    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    password: str = Field(default="", max_length=8)

    @field_validator("host")
    @classmethod
    def not_empty(cls, value: str) -> str:
        if not value:
            raise ValueError("a host name or address")
        return value

    @model_validator(mode="after")
    def free(self) -> Self:
        if self.host == "taken":
            raise ValueError("a host that is free")
        return self


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    listeners: list[Listener] = []
    name: str = "lab"


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "x.toml"
    path.write_text(text)
    return load(Settings, path)


def test_a_file_becomes_a_model(tmp_path: Path) -> None:
    settings = read(tmp_path, '[[listeners]]\nport = 2775\nhost = "localhost"\n')
    assert settings == Settings(listeners=[Listener(host="localhost", port=2775)])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[[listeners]]\nport = 'x'", "listeners[1].port: expected a valid integer"),
        ("[[listeners]]\nport = 0", "listeners[1].port: expected greater than or equal to 1"),
        ("[[listeners]]", "listeners[1].port: expected a value, the key is missing"),
        ("nmae = 1", "nmae: expected no such key; check its spelling"),
        ('[[listeners]]\nport=1\nhost=""', "listeners[1].host: expected a host name or address"),
        ("name =", "expected TOML: "),
        ("name = 1\nlisteners = 2", "(and 1 more)"),
    ],
)
def test_an_error_is_one_line_with_file_key_and_expectation(
    tmp_path: Path, text: str, line: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert line in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'x.toml'}: ")
    assert "\n" not in str(caught.value)
    assert caught.value.status is ExitStatus.USAGE


def test_a_password_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, '[[listeners]]\nport = 1\npassword = "muchtoolong"')
    assert "muchtoolong" not in str(caught.value)


def test_a_table_that_is_wrong_as_a_whole_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, '[[listeners]]\nport = 1\nhost = "taken"\npassword = "secret"')
    assert str(caught.value).endswith("listeners[1]: expected a host that is free")


@pytest.mark.parametrize(("offset", "port"), [(0, 2775), (-2775, 0), (62760, 65535)])
def test_a_port_is_moved(offset: int, port: int) -> None:
    assert moved(2775, offset) == port


@pytest.mark.parametrize("offset", [-2776, 62761])
def test_a_port_is_not_moved_out_of_range(offset: int) -> None:
    with pytest.raises(ConfigError, match=f"port 2775 moved by {offset} is none"):
        moved(2775, offset)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(Settings, tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="expected UTF-8"):
        load(Settings, tmp_path / "binary.toml")
