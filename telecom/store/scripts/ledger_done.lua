-- Removes from a stream what the ledger has recorded.
-- KEYS: stream. Takes the entries.
local stream = KEYS[1]
local entries = cmsgpack.unpack(ARGV[1])
redis.call('XACK', stream, 'ledger', unpack(entries))
return redis.call('XDEL', stream, unpack(entries))
