"""State that outlives a process: Redis and the SQL ledger."""
