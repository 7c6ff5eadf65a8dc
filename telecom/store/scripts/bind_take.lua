-- Counts a bind in, if its account has room for it.
-- KEYS: the account's binds, each by the time when its lease ends. Takes the bind, the time, when
-- its lease is to end, and how many there may be. Times are in ms.
-- Returns 1 if it is counted in now, 0 if there are too many.
local bind, now, ends, most = unpack(cmsgpack.unpack(ARGV[1]))
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], bind) and redis.call('ZCARD', KEYS[1]) >= most then
  return 0
end
redis.call('ZADD', KEYS[1], ends, bind)
redis.call('PEXPIRE', KEYS[1], ends - now)
return 1
