-- Sets delivery pending flags: who is to hear when a number can be reached again.
-- KEYS: the flags of a number each. Takes how many each may have, for how many seconds, and for
-- each {whom it is for, what that hears}.
local count, memory, flags = unpack(cmsgpack.unpack(ARGV[1]))
for i, flag in ipairs(flags) do
  if redis.call('HLEN', KEYS[i]) < count then
    redis.call('HSET', KEYS[i], flag[1], flag[2])
    redis.call('EXPIRE', KEYS[i], memory)
  end
end
return #flags
