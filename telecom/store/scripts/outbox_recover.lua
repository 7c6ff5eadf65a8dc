-- Gives back what nodes have taken and neither acknowledged nor given back for a while.
-- KEYS: outbox_ready, then outboxes.
-- ARGV: idle in ms, forget consumers idle for ms; then for each outbox its account.
-- Returns how many entries came back.
local recovered = 0
for i = 2, #KEYS do
  local outbox = KEYS[i]
  if redis.call('EXISTS', outbox) == 1 then
    local count, cursor = 0, '0'
    repeat
      local reply = redis.call('XAUTOCLAIM', outbox, 'gateway', 'returned', ARGV[1], cursor,
        'COUNT', 100, 'JUSTID')
      cursor, count = reply[1], count + #reply[2]
    until cursor == '0-0'
    if count > 0 then
      redis.call('XADD', KEYS[1], 'MAXLEN', '~', 500, '*', 'account', ARGV[1 + i])
    end
    prune(outbox, ARGV[2])
    recovered = recovered + count
  end
end
return recovered
