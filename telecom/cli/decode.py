"""`telecom decode`: octets or a capture as a readable tree."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from telecom.cli.dissection.layers import Layer
from telecom.runtime.errors import CommandError, ExitStatus
from telecom.runtime.options import AsJson

if TYPE_CHECKING:
    from telecom.cli.dissection.tree import Branch
    from telecom.net.capture_reader import CapturedMessage

LARGEST_FILE: Final = 64 * 1024 * 1024
"""Octets of a file that is no capture: it is read at once."""

_STDIN: Final = "-"
_BETWEEN_OCTETS: Final = re.compile(r"0[xX]|[\s:,]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Message = tuple[bytes, Layer | None, "CapturedMessage | None"]
"""The octets of a message, the layer that they begin at, and what a capture says about it."""


class UsageError(CommandError):
    """There is nothing that could be decoded."""

    status = ExitStatus.USAGE


def decode(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="Hex octets, or files: pcap, hex or binary. Without it, stdin."),
    ] = None,
    layer: Annotated[
        Layer | None, typer.Option(help="Where the octets begin; by default, what they look like.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show SMPP, M3UA, SCCP, TCAP, MAP and short messages as a tree.

    Exit status 1 when something in it could not be decoded.
    """
    from telecom.cli.dissection.dissector import Dissector

    dissector = Dissector()
    show = _show_json if as_json else _show_text
    faulty = False
    for octets, begins, captured in _messages(what or [_STDIN], layer):
        tree = dissector.dissect(octets, begins, at=captured.at if captured else 0.0)
        faulty = faulty or tree.has_fault
        show(tree, captured)
    return ExitStatus.FAILED if faulty else ExitStatus.DONE


def _messages(arguments: list[str], layer: Layer | None) -> Iterator[Message]:
    octets = _from_hex(" ".join(arguments))
    if octets:
        yield from _cut(octets, layer)
        return
    for source in arguments:
        try:
            with _opened(source) as file:
                yield from _messages_in(file, source, layer)
        except OSError as error:
            reason = f"{source} is neither hex octets nor a file: {error.strerror}"
            raise UsageError(reason) from None


def _messages_in(file: BufferedReader, source: str, layer: Layer | None) -> Iterator[Message]:
    from telecom.net.capture_reader import CaptureError, is_capture, read_messages

    if not is_capture(file.peek(4)):
        yield from _cut(_octets_of(file, source), layer)
        return
    try:
        for message in read_messages(file):
            yield message.octets, Layer(message.protocol), message
    except CaptureError as error:
        reason = f"{_named(source)} cannot be read as a capture to its end: {error}"
        raise CommandError(reason) from None


def _opened(source: str) -> AbstractContextManager[BufferedReader]:
    if source != _STDIN:
        return Path(source).open("rb")
    if sys.stdin.isatty():
        raise UsageError("nothing to decode: give hex octets or a file, or pipe something in")
    return nullcontext(cast("BufferedReader", sys.stdin.buffer))


def _octets_of(file: BufferedReader, source: str) -> bytes:
    content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        reason = f"{_named(source)} is no capture, and has more than {LARGEST_FILE} octets"
        raise UsageError(reason)
    octets = _from_hex(content.decode("ascii", "replace"))
    if octets is None:
        return content
    if not octets:
        raise UsageError(f"{_named(source)} is empty")
    return octets


def _named(source: str) -> str:
    return "standard input" if source == _STDIN else source


def _from_hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(_BETWEEN_OCTETS.sub("", text))
    except ValueError:
        return None


def _cut(octets: bytes, layer: Layer | None) -> Iterator[Message]:
    """Cut octets into the SMPP or M3UA messages that they are; others do not say their length."""
    from telecom.net.capture_reader.framing import Framing, recognised

    protocol = recognised(octets)
    if protocol is None or layer not in (None, Layer(protocol)):
        yield octets, layer, None
        return
    framing = Framing()
    for said, message in (*framing.feed(octets), *framing.end()):
        yield message, Layer(said), None


def _show_json(tree: "Branch", captured: "CapturedMessage | None") -> None:
    shown: dict[str, Any] = {"has_fault": tree.has_fault, **tree.as_json()}
    if captured is not None:
        way = {"source": captured.source, "destination": captured.destination}
        ends = {name: _address(*address) for name, address in way.items()}
        shown = {"at": _time(captured.at), **ends, **shown}
    typer.echo(json.dumps(shown))


def _show_text(tree: "Branch", captured: "CapturedMessage | None") -> None:
    heading = ""
    if captured is not None:
        ends = _address(*captured.source), _address(*captured.destination)
        heading = f"{_time(captured.at)} {' > '.join(ends)} "
    line = _painted if sys.stdout.isatty() else _plain
    typer.echo("\n".join(line(guides or heading, branch) for guides, branch in tree.rows()))


def _plain(before: str, branch: "Branch") -> str:
    return before + "".join(_words(branch))


def _painted(before: str, branch: "Branch") -> str:
    name, value, meaning = _words(branch)
    colours: dict[str, Any] = {"fg": typer.colors.RED} if branch.faulty else {}
    name = typer.style(name, bold=bool(branch.branches), **colours)
    value = typer.style(value, **(colours or {"fg": typer.colors.CYAN}))
    return typer.style(before, dim=True) + name + value + typer.style(meaning, dim=True)


def _words(branch: "Branch") -> tuple[str, str, str]:
    """Return the name, value and meaning of a branch, with what sets them apart."""
    meaning = f" ({branch.meaning})" if branch.meaning else ""
    value = "" if branch.value is None else f": {_printable(branch.value)}"
    return branch.name, value, meaning


def _printable(value: Any) -> str:
    """Return a value as a line of text in which nothing commands the terminal."""
    if isinstance(value, list):
        return ", ".join(map(_printable, value))
    if not isinstance(value, str):
        return json.dumps(value)
    if not value:
        return '""'
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in value
    )


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _time(at: float) -> str:
    try:
        moment = _EPOCH + timedelta(seconds=at)
    except OverflowError:  # a damaged capture tells any time
        return f"{at}"
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
