"""The ledger, in SQL: billable events, each once, and the chained evidence of the GT rule.

SQLite by default, PostgreSQL in production. Every method blocks: call it from a thread.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from msgspec.structs import asdict
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from telecom.charging.events import BillableEvent
from telecom.charging.statements import Usage, month_of
from telecom.router.evidence import GENESIS, Verification, canonical, verify_lines
from telecom.store.embedded import StoreError, StoreUrlError
from telecom.store.evidence import Sealed, seal
from telecom.store.records import Evidence

_METADATA: Final = sa.MetaData()
_EVENTS: Final = sa.Table(
    "billable_events",
    _METADATA,
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("service", sa.String(64), nullable=False),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("month", sa.String(7), nullable=False),
    sa.Column("operator", sa.String(64), nullable=False),
    sa.Column("number", sa.String(32), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("reference", sa.String(100), nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Index("billable_events_by_month", "month", "account", "service", "operator"),
)
_EVIDENCE: Final = sa.Table(
    "evidence",
    _METADATA,
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("msisdn", sa.String(32), nullable=False),
    sa.Column("operator", sa.String(64), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("disclosed", sa.Text),
    sa.Column("previous_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("evidence_by_number", "msisdn", "at"),
    sa.Index("evidence_by_operator", "operator", "at"),
)
_HEADS: Final = sa.Table(
    "evidence_heads",
    _METADATA,
    sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)


class _Dialect(NamedTuple):
    """What databases say each in its own way."""

    insert_new: Callable[[sa.Table], sa.Insert]
    lock_schema: str


_DIALECTS: Final = {
    "sqlite": _Dialect(
        insert_new=lambda table: sqlite.insert(table).on_conflict_do_nothing(),
        lock_schema="SELECT 1",  # a transaction that writes is alone anyway
    ),
    "postgresql": _Dialect(
        insert_new=lambda table: postgresql.insert(table).on_conflict_do_nothing(),
        lock_schema="SELECT pg_advisory_xact_lock(29002)",  # IF NOT EXISTS is no help in a race
    ),
}
_BUSY_SECONDS: Final = 30
_ROWS_AT_ONCE: Final = 1000


class Ledger:
    """A ledger at an SQLAlchemy URL; its tables are created when it has none.

    What an insert returned from is on disk. Several processes may write to one ledger. Raises
    `StoreError` when the database cannot be used as configured; the methods raise
    `sqlalchemy.exc.SQLAlchemyError`.
    """

    def __init__(self, url: str) -> None:
        self._reading = _engine(url)
        self._writing = self._reading.execution_options(writes=True)
        self._dialect = _DIALECTS[self._reading.dialect.name]
        try:
            self._create_tables()
        except sa.exc.SQLAlchemyError as error:
            self.close()
            raise StoreError(f"ledger {self._reading.url!r}: {_reason(error)}") from None

    def close(self) -> None:
        """Close all connections."""
        self._reading.dispose()

    def insert(
        self,
        events: Sequence[BillableEvent] = (),
        evidence: Mapping[int, Mapping[str, Evidence]] | None = None,
    ) -> tuple[int, int]:
        """Record billable events, and pairs at the end of the chain of each partition, at once.

        An event whose id is there already stays as it was, and so does a pair by its name (each
        has one to itself). Returns how many events and how many pairs were new.
        """
        with self._writing.begin() as connection:
            new_events = self._insert_events(connection, events) if events else 0
            new_pairs = sum(
                self._insert_evidence(connection, partition, entries)
                for partition, entries in sorted((evidence or {}).items())
                if entries
            )
        return new_events, new_pairs

    def _insert_events(self, connection: sa.Connection, events: Sequence[BillableEvent]) -> int:
        rows = [{**asdict(event), "month": month_of(event.at)} for event in events]
        insert = self._dialect.insert_new(_EVENTS).returning(_EVENTS.c.id)
        return len(connection.execute(insert, rows).all())

    def _insert_evidence(
        self, connection: sa.Connection, partition: int, entries: Mapping[str, Evidence]
    ) -> int:
        head = self._lock_head(connection, partition)
        names = _EVIDENCE.c.id.in_(list(entries))
        known = set(connection.scalars(sa.select(_EVIDENCE.c.id).where(names)))
        new = {name: entry for name, entry in entries.items() if name not in known}
        if new:
            chain = _chained(partition, new, head)
            connection.execute(sa.insert(_EVIDENCE), [asdict(sealed) for sealed in chain])
            end = {"sequence": chain[-1].sequence, "hash": chain[-1].hash}
            ours = _HEADS.c.partition == partition
            connection.execute(sa.update(_HEADS).where(ours).values(end))
        return len(new)

    def usages(self, *, account: str | None = None, month: str | None = None) -> list[Usage]:
        """Return what was used in a month (``YYYY-MM``, UTC), or ever, by one account or all."""
        groups = [_EVENTS.c[name] for name in ("account", "month", "service", "operator")]
        query = sa.select(
            *groups, sa.func.count(), sa.func.sum(_EVENTS.c.quantity, type_=sa.BigInteger)
        )
        query = _where(query, {_EVENTS.c.account: account, _EVENTS.c.month: month})
        with self._reading.connect() as connection:
            rows = connection.execute(query.group_by(*groups).order_by(*groups)).all()
        return [Usage(*row) for row in rows]

    def export_evidence(
        self,
        *,
        msisdn: str | None = None,
        operator: str | None = None,
        since: float | None = None,
        until: float | None = None,
        with_imsi: bool = False,
    ) -> Iterator[str]:
        """Return the JSON lines of pairs, for `telecom.router.evidence.verify_lines`.

        `since` and `until` (not included) are the times of the MT-ForwardSM, in seconds since
        1970. Without `with_imsi` an IMSI shows its network only.
        """
        query = _where(
            sa.select(_EVIDENCE), {_EVIDENCE.c.msisdn: msisdn, _EVIDENCE.c.operator: operator}
        )
        if since is not None:
            query = query.where(_EVIDENCE.c.at >= since)
        if until is not None:
            query = query.where(_EVIDENCE.c.at < until)
        for row in self._rows(query):
            yield _line(row, with_imsi=with_imsi)

    def verify_evidence(self) -> Verification:
        """Check every pair, every link, the end of every chain, and what pairs are found by."""
        misfiled: list[str] = []

        def lines() -> Iterator[str]:
            for row in self._rows(sa.select(_EVIDENCE)):
                if not _is_filed(row):
                    misfiled.append(f"number {row.sequence} of partition {row.partition}: misfiled")
                yield _line(row, with_imsi=True)

        found = verify_lines(lines())
        with self._reading.connect() as connection:
            heads = connection.execute(sa.select(_HEADS)).all()
        cut = [
            f"partition {row.partition} does not end with number {row.sequence}"
            for row in heads
            if found.heads.get(row.partition, (0, GENESIS)) != (row.sequence, row.hash)
        ]
        gaps = [f"{found.gaps} gaps in the chains"] if found.gaps else []
        faults = (*found.faults, *gaps, *cut, *misfiled)
        return Verification(found.pairs, found.gaps, faults, found.heads)

    def _rows(self, query: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
        """Go through pairs, chain by chain, without holding all of them."""
        in_order = query.order_by(_EVIDENCE.c.partition, _EVIDENCE.c.sequence)
        with self._reading.connect() as connection:
            streaming = connection.execution_options(yield_per=_ROWS_AT_ONCE)
            yield from streaming.execute(in_order)

    def _create_tables(self) -> None:
        with self._writing.begin() as connection:
            connection.exec_driver_sql(self._dialect.lock_schema)
            for table in _METADATA.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(CreateIndex(index, if_not_exists=True))

    def _lock_head(self, connection: sa.Connection, partition: int) -> tuple[int, str]:
        """Return the end of a chain, which is ours alone until the transaction ends."""
        first = {"partition": partition, "sequence": 0, "hash": GENESIS}
        connection.execute(self._dialect.insert_new(_HEADS), first)
        query = sa.select(_HEADS.c.sequence, _HEADS.c.hash).where(_HEADS.c.partition == partition)
        sequence, head = connection.execute(query.with_for_update()).one()
        return sequence, head


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        dialect = parsed.get_backend_name()
    except sa.exc.ArgumentError:
        raise StoreUrlError("the ledger's URL is none: expected sqlite:///FILE") from None
    if dialect not in _DIALECTS:
        raise StoreUrlError(f"ledger {parsed!r}: expected sqlite:// or postgresql://")
    try:
        if dialect != "sqlite":
            return sa.create_engine(parsed)
        engine = sa.create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS})
    except (ImportError, sa.exc.NoSuchModuleError) as error:
        raise StoreUrlError(f"ledger {parsed!r}: its driver is not installed: {error}") from None
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver begins no transactions: `_begin_sqlite` does
    connection.execute("PRAGMA synchronous = FULL")
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # Another process does so too, and for this SQLite does not wait by itself.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: sa.Connection) -> None:
    """Begin; a writer waits for its turn here, where it can, not at its first write."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _reason(error: sa.exc.SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def _chained(
    partition: int, entries: Mapping[str, Evidence], head: tuple[int, str]
) -> list[Sealed]:
    chain = []
    last, previous = head
    for sequence, (name, evidence) in enumerate(entries.items(), start=last + 1):
        sealed = seal(
            evidence, name, partition=partition, sequence=sequence, previous_hash=previous
        )
        previous = sealed.hash
        chain.append(sealed)
    return chain


def _where(query: sa.Select[Any], values: Mapping[sa.Column[Any], Any]) -> sa.Select[Any]:
    return query.where(*(column == value for column, value in values.items() if value is not None))


def _line(row: sa.Row[Any], *, with_imsi: bool) -> str:
    disclosed = f',"disclosed":{row.disclosed}' if with_imsi and row.disclosed else ""
    hashes = f'"previous_hash":"{row.previous_hash}","hash":"{row.hash}"'
    return f"{row.content[:-1]},{hashes}{disclosed}}}"


def _is_filed(row: sa.Row[Any]) -> bool:
    """Whether a pair is found by what its content says."""
    return all(
        canonical({name: getattr(row, name)})[1:-1] in row.content
        for name in ("id", "msisdn", "operator")
    )
