-- Included by the scripts that put something into an outbox.
local function append(outbox, body)
  if redis.call('EXISTS', outbox) == 0 then
    redis.call('XGROUP', 'CREATE', outbox, 'gateway', '0', 'MKSTREAM')
  end
  redis.call('XADD', outbox, '*', 'body', body)
end

-- What the bounds {length, oldest entry id, lifetime in seconds} cost is counted in `dropped`.
local function appended(outbox, account, ready, dropped, bounds)
  local length, oldest, lifetime = unpack(bounds)
  local lost = redis.call('XTRIM', outbox, 'MINID', oldest)
    + redis.call('XTRIM', outbox, 'MAXLEN', length)
  if lost > 0 then redis.call('INCRBY', dropped, lost) end
  redis.call('EXPIRE', outbox, lifetime)
  redis.call('XADD', ready, 'MAXLEN', '~', 500, '*', 'account', account)
end
