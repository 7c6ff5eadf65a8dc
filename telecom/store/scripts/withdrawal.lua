-- Included by the scripts that withdraw messages.
-- Ends a message that is as it was seen, and that no node is at work on; an entry that it has in
-- the queue is removed by who takes it. True, too, when it was this very call that ended it before.
local function withdraw(keys, withdrawal)
  local id, seen, member, record = unpack(withdrawal)
  if redis.call('HGET', keys.messages, id) ~= seen then
    return redis.call('HGET', keys.ended, id) == record, false
  elseif redis.call('SISMEMBER', keys.taken, id) == 1 then
    return false, false
  end
  redis.call('HDEL', keys.messages, id)
  for _, set in ipairs({keys.deferred, keys.waiting, keys.scheduled}) do
    redis.call('ZREM', set, member)
  end
  return true, true
end

-- Withdraws messages, each {id, message as it was seen, member, how it ends, its outbox, receipts}.
-- The outboxes are KEYS from `first` on. Returns 1 or 0 for each.
local function withdraw_all(keys, bounds, memory, accounts, first, withdrawals)
  local withdrawn, records, touched = {}, {}, {}
  for i, withdrawal in ipairs(withdrawals) do
    local done, is_new = withdraw(keys, withdrawal)
    withdrawn[i] = done and 1 or 0
    if is_new then
      records[#records + 1] = withdrawal[1]
      records[#records + 1] = withdrawal[4]
      for _, body in ipairs(withdrawal[6]) do
        append(KEYS[first + withdrawal[5] - 1], body)
        touched[withdrawal[5]] = true
      end
    end
  end
  remember(keys.ended, keys.before, memory, records)
  for outbox in pairs(touched) do
    appended(KEYS[first + outbox - 1], accounts[outbox], keys.ready, keys.dropped, bounds)
  end
  return withdrawn
end

local function keys_of_withdrawal()
  local keys = {}
  keys.messages, keys.taken, keys.deferred, keys.waiting, keys.scheduled = unpack(KEYS, 1, 5)
  keys.ended, keys.before, keys.ready, keys.dropped = unpack(KEYS, 6, 9)
  return keys
end
