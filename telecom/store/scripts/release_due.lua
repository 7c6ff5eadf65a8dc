-- Queues deferred messages that are due.
-- KEYS: queue, deferred, waiting, scheduled. Takes the time, and how many at most.
-- Returns how many.
local queue, deferred, waiting, scheduled = unpack(KEYS)
local now, limit = unpack(cmsgpack.unpack(ARGV[1]))
local members = redis.call('ZRANGEBYSCORE', deferred, '-inf', now, 'LIMIT', 0, limit)
release(queue, deferred, waiting, scheduled, members)
return #members
