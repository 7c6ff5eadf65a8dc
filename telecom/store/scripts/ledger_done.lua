-- Removes from a stream what the ledger has recorded.
-- KEYS: stream. ARGV: entries.
redis.call('XACK', KEYS[1], 'ledger', unpack(ARGV))
return redis.call('XDEL', KEYS[1], unpack(ARGV))
