-- Tells who is bound.
-- KEYS: as in bind_take, one for each account. Takes the time.
-- Returns for each account all of its binds whose lease has not ended.
local now = cmsgpack.unpack(ARGV[1])
local names = {}
for i, key in ipairs(KEYS) do
  names[i] = redis.call('ZRANGEBYSCORE', key, '(' .. string.format('%.0f', now), '+inf')
end
return names
