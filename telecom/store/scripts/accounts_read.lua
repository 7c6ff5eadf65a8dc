-- Tells what has changed among the accounts.
-- KEYS: the version, the records, the system_ids by the version of their last change. Takes the
-- version that is known. A Redis that lost its data has a lower one: then everything is told.
-- Returns the version, whether everything is told, and system_id and record in turn; the record
-- of an account that is gone is empty.
local known = cmsgpack.unpack(ARGV[1])
local version = tonumber(redis.call('GET', KEYS[1]) or '0')
local everything = 0
if version < known then
  known, everything = 0, 1
end
local told = {}
if version > known then
  for _, system_id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. known, '+inf')) do
    told[#told + 1] = system_id
    told[#told + 1] = redis.call('HGET', KEYS[2], system_id) or ''
  end
end
return {version, everything, told}
