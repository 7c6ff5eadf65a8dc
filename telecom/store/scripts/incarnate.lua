-- KEYS: the last incarnation. ARGV: the time in seconds.
-- Returns the new one: the last plus one, but the time at least.
local incarnation = math.max(redis.call('INCR', KEYS[1]), tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', incarnation))
return incarnation
