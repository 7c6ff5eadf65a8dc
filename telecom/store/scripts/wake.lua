-- Queues the deferred messages for a number, due or not.
-- KEYS: queue, deferred, waiting. Takes the number, and how many at most. Returns how many.
local queue, deferred, waiting = unpack(KEYS)
local number, limit = unpack(cmsgpack.unpack(ARGV[1]))
-- a member is 'number:message id', and ';' is what comes after ':'
local members = redis.call('ZRANGEBYLEX', waiting, '[' .. number .. ':', '(' .. number .. ';',
  'LIMIT', 0, limit)
release(queue, deferred, waiting, members)
return #members
