"""What the API reads from the ledger, off the event loop."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from telecom.charging.statements import statement
from telecom.charging.tariffs import Tariffs
from telecom.store.ledger import Ledger

_LINES_AT_ONCE: Final = 500


class LedgerReader:
    """Statements and evidence; SQL runs in threads, so that no message waits for a query."""

    def __init__(self, ledger: Ledger, tariffs: Tariffs) -> None:
        self._ledger = ledger
        self._tariffs = tariffs

    async def statement(self, account: str, month: str) -> list[dict[str, Any]]:
        """Return the lines of an account's statement for a month (``YYYY-MM``, UTC)."""
        usages = await asyncio.to_thread(self._ledger.usages, account=account, month=month)
        return [
            {
                "service": line.service,
                "events": line.events,
                "quantity": line.quantity,
                "amount": None if line.amount is None else str(line.amount),
                "currency": line.currency,
            }
            for line in statement(usages, self._tariffs)
        ]

    async def evidence(
        self,
        *,
        number: str | None,
        operator: str | None,
        since: datetime | None,
        until: datetime | None,
    ) -> AsyncIterator[str]:
        """Go through the JSON lines of the pairs that are asked for, some hundreds at a time."""
        lines = self._ledger.export_evidence(
            msisdn=number, operator=operator, since=_seconds(since), until=_seconds(until)
        )
        while piece := await asyncio.to_thread(lambda: list(islice(lines, _LINES_AT_ONCE))):
            yield "".join(line + "\n" for line in piece)


def _seconds(moment: datetime | None) -> float | None:
    """Return seconds since 1970; a time without a zone is in UTC."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
