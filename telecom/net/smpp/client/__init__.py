"""The SMPP client: it stays bound, and its submissions find their receipts."""
