"""What a MAP message costs, alone and through M3UA, SCCP and TCAP, beside pycrate."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeVar

from benchmarks.map_messages import EXCHANGES, INFORM, SAMPLES, Exchange, Sample
from benchmarks.peer_map import Calls, message_calls, parameter_calls
from benchmarks.results import Row, Spread, Table
from benchmarks.stacks import End, joined
from benchmarks.timing import microseconds
from telecom.ss7.map import codec
from telecom.ss7.map.primitives import Invoked

_COLUMNS: Final = ("encode", "decode", "pycrate encode", "pycrate decode")
_VERSION: Final = 3
_DIALOGUES, _RUNS = 200, 5
_LAYER_NOTES: Final = (
    "Ours are whole stacks: dialogues are opened, kept and closed, addresses translated.",
    "pycrate only writes and reads the octets of the same message.",
    "A - is a message that pycrate does not write as these same octets.",
)

T = TypeVar("T")


def parameters() -> Table:
    """Time the parameter of each operation alone."""
    rows = tuple(Row(sample.name, _parameter_cells(sample)) for sample in SAMPLES)
    return Table("MAP parameters, µs", _COLUMNS, rows)


def _parameter_cells(sample: Sample) -> tuple[Spread | None, ...]:
    octets = codec.encode(sample.message, _VERSION) or b""
    ours = (
        partial(codec.encode, sample.message, _VERSION),
        partial(codec.decode, type(sample.message), octets, _VERSION),
    )
    return _timed(ours) + _timed(parameter_calls(sample.peer, octets))


def _timed(calls: Calls | None) -> tuple[Spread | None, ...]:
    return tuple(microseconds(call) for call in calls) if calls else (None, None)


def layers() -> Table:
    """Time both messages of each dialogue through all four layers."""
    rows = tuple(row for exchange in EXCHANGES for row in _exchange_rows(exchange))
    return Table("MAP over TCAP, SCCP and M3UA, µs", _COLUMNS, rows, _LAYER_NOTES)


def _exchange_rows(exchange: Exchange) -> Iterator[Row]:
    runs = [_Run(exchange) for _ in range(_RUNS)]
    for at, name in enumerate((exchange.name, f"{exchange.name}, its answer")):
        ours = tuple(Spread.of([run.seconds[at * 2 + way] * 1e6 for run in runs]) for way in (0, 1))
        yield Row(name, ours + _timed(message_calls(runs[0].messages[at])))


class _Run:
    """Many dialogues of one kind, step by step; `seconds` are those of one message in each."""

    def __init__(self, exchange: Exchange) -> None:
        self.seconds: list[float] = []
        self.messages: list[bytes] = []
        self._exchange = exchange
        gateway, operator = joined()
        begun_by_us = exchange.calling.digits.startswith("38591")
        self._opener, self._answerer = (gateway, operator) if begun_by_us else (operator, gateway)
        begins = self._step(self._open)
        self._invoked = self._step(partial(self._receive, self._answerer, begins))
        ends = self._step(self._answer)
        self._step(partial(self._receive, self._opener, ends))

    def _step(self, do: Callable[[], T]) -> T:
        began = time.process_time()
        outcome = do()
        self.seconds.append((time.process_time() - began) / _DIALOGUES)
        return outcome

    def _open(self) -> bytes:
        exchange, provider = self._exchange, self._opener.stack.map
        for _ in range(_DIALOGUES):
            provider.open(
                exchange.context,
                called=exchange.called,
                calling=exchange.calling,
                now=0.0,
                invoke=exchange.argument,
            )
        return self._sent(self._opener)

    def _answer(self) -> bytes:
        exchange, provider = self._exchange, self._answerer.stack.map
        for invoked in self._invoked:
            if exchange.informs:
                provider.invoke(invoked.dialogue, INFORM, 0.0)
            provider.result(invoked.dialogue, invoked.invoke_id, exchange.result, 0.0)
            provider.close(invoked.dialogue, 0.0)
        return self._sent(self._answerer)

    def _sent(self, end: End) -> bytes:
        octets = end.take()
        self.messages.append(octets[: int.from_bytes(octets[4:8], "big")])
        return octets

    @staticmethod
    def _receive(end: End, octets: bytes) -> list[Invoked]:
        return [said for said in end.give(octets) if isinstance(said, Invoked)]
