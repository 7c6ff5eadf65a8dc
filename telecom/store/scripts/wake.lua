-- Queues the deferred messages for a number, due or not.
-- KEYS: queue, deferred, waiting, scheduled. Takes the number, and how many at most.
-- Returns how many.
local queue, deferred, waiting, scheduled = unpack(KEYS)
local number, limit = unpack(cmsgpack.unpack(ARGV[1]))
local members = members_of(waiting, number, 'LIMIT', 0, limit)
release(queue, deferred, waiting, scheduled, members)
return #members
