"""What the ESMEs in Python share: their plan, their events on stdout, and when they are done."""

import json
import sys
from typing import Any

PLAN: dict[str, Any] = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}


def say(event: str, **fields: Any) -> None:
    """Print an event as a JSON object on a line."""
    print(json.dumps({"event": event, **fields}), flush=True)


class Expected:
    """The receipts and replies that are still to come."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()
        self._told: set[str] = set()
        self._replies = PLAN["replies"]

    def __bool__(self) -> bool:
        """Whether anything is still to come."""
        return bool(self._waiting) or self._replies > 0

    def answered(self, to: str, status: int, message_ids: list[str]) -> None:
        """Take note of what a submit_sm came to, and wait for its receipts."""
        say("answer", to=to, status=status, message_ids=message_ids)
        self._waiting.update(set(message_ids) - self._told)

    def receipt(self, message_id: str, stat: str, state: int | None) -> None:
        """Take note of a receipt; it may come before its response."""
        say("receipt", message_id=message_id, stat=stat, state=state)
        self._told.add(message_id)
        self._waiting.discard(message_id)

    def message(self, source: str, destination: str, text: str) -> None:
        """Take note of what an end user sent."""
        say("message", source=source, destination=destination, text=text)
        self._replies -= 1
