-- Stores an account, or forgets it.
-- KEYS: as in accounts_read. Takes the version that the writer knows, the system_id, the record
-- (empty to forget it) and how many accounts there may be.
-- Returns the new version; 0 when the accounts have changed meanwhile, -1 when they are too many.
-- The same again, because the answer was lost, changes nothing.
local known, system_id, record, most = unpack(cmsgpack.unpack(ARGV[1]))
local version = tonumber(redis.call('GET', KEYS[1]) or '0')
if version ~= known then
  local last = tonumber(redis.call('ZSCORE', KEYS[3], system_id) or '0')
  local is_same = (redis.call('HGET', KEYS[2], system_id) or '') == record
  return (last == known + 1 and version == last and is_same) and version or 0
end
if record == '' then
  redis.call('HDEL', KEYS[2], system_id)
elseif redis.call('HEXISTS', KEYS[2], system_id) == 0 and redis.call('HLEN', KEYS[2]) >= most then
  return -1
else
  redis.call('HSET', KEYS[2], system_id, record)
end
version = redis.call('INCR', KEYS[1])
redis.call('ZADD', KEYS[3], version, system_id)
return version
