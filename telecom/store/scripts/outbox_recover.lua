-- Gives back what nodes have taken and neither acknowledged nor given back for a while.
-- KEYS: outbox_ready, then outboxes.
-- Takes idle in ms, for how many ms idle consumers are remembered, and the account of each outbox.
-- Returns how many entries wait to be taken again.
local idle, memory, accounts = unpack(cmsgpack.unpack(ARGV[1]))

local function recover(outbox)
  local recovered, cursor, entries = 0, '0', nil
  repeat
    cursor, entries = unpack(redis.call('XAUTOCLAIM', outbox, 'gateway', 'returned', idle, cursor,
      'COUNT', 100, 'JUSTID'))
    recovered = recovered + #entries
  until cursor == '0-0'
  prune(outbox, memory)
  return recovered
end

local recovered = 0
for i, account in ipairs(accounts) do
  local count = redis.call('EXISTS', KEYS[1 + i]) == 1 and recover(KEYS[1 + i]) or 0
  if count > 0 then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', 500, '*', 'account', account)
  end
  recovered = recovered + count
end
return recovered
