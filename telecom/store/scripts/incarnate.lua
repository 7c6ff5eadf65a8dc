-- Numbers the starts of nodes.
-- KEYS: the last number. Takes the time in seconds.
-- Returns the last number plus one, but the time at least.
local number = math.max(redis.call('INCR', KEYS[1]), cmsgpack.unpack(ARGV[1]))
redis.call('SET', KEYS[1], number)
return number
