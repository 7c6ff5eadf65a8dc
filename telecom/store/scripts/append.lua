-- Included by the scripts that put something into an outbox.
local function append(outbox, body)
  if redis.call('EXISTS', outbox) == 0 then
    redis.call('XGROUP', 'CREATE', outbox, 'gateway', '0', 'MKSTREAM')
  end
  redis.call('XADD', outbox, '*', 'body', body)
end

-- bounds: how many entries, the oldest entry id, the lifetime in seconds of all of it.
-- What they cost is counted in `dropped`.
local function appended(outbox, account, ready, dropped, bounds)
  local lost = redis.call('XTRIM', outbox, 'MINID', bounds.oldest)
    + redis.call('XTRIM', outbox, 'MAXLEN', bounds.length)
  if lost > 0 then redis.call('INCRBY', dropped, lost) end
  redis.call('EXPIRE', outbox, bounds.lifetime)
  redis.call('XADD', ready, 'MAXLEN', '~', 500, '*', 'account', account)
end
