-- Included by the scripts that put something into an outbox.
local function append(outbox, body)
  if redis.call('EXISTS', outbox) == 0 then
    redis.call('XGROUP', 'CREATE', outbox, 'gateway', '0', 'MKSTREAM')
  end
  redis.call('XADD', outbox, '*', 'body', body)
end

-- The bounds are {how many entries, how old in ms, the time in ms}; what they cost is counted in
-- `dropped`. Entries are as old as Redis says, unless the node's clock is behind: a node whose
-- clock is ahead must not empty everyone's outboxes.
local function appended(outbox, account, ready, dropped, bounds)
  local length, age, now = unpack(bounds)
  local time = redis.call('TIME')
  local oldest = math.min(now, time[1] * 1000 + math.floor(time[2] / 1000)) - age
  local lost = redis.call('XTRIM', outbox, 'MAXLEN', length)
    + redis.call('XTRIM', outbox, 'MINID', string.format('%.0f', math.max(oldest, 0)))
  if lost > 0 then redis.call('INCRBY', dropped, lost) end
  redis.call('PEXPIRE', outbox, age)
  redis.call('XADD', ready, 'MAXLEN', '~', 500, '*', 'account', account)
end
