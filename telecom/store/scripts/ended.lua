-- Included by the scripts that end messages.
-- How they ended is remembered in two hashes. When the newer one is full or old enough it becomes
-- the older one, and what that held is forgotten.
-- Takes {how many in each, for how many seconds, the time}, and id and record, alternating.
local function remember(ended, before, bounds, records)
  local count, age, now = unpack(bounds)
  if #records == 0 then return end
  local since = tonumber(redis.call('HGET', ended, 'since'))
  if since and (now - since >= age or redis.call('HLEN', ended) > count) then
    redis.call('UNLINK', before)
    redis.call('RENAME', ended, before)
    since = nil
  end
  if not since then redis.call('HSET', ended, 'since', now) end
  redis.call('HSET', ended, unpack(records))
  redis.call('EXPIRE', ended, math.ceil(2 * age))
end
