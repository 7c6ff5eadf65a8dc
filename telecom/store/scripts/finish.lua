-- Removes messages that have reached their final state, and hands over what came of them.
-- KEYS: messages, queue, deferred, waiting, scheduled, taken, events, ended, ended_before,
-- outbox_ready, dropped, then outboxes.
-- Takes the bounds of an outbox (see append.lua) and of what is remembered (see ended.lua), the
-- account of each outbox, and for each message {id, member, entry, its outbox, receipts, billable
-- events, how it ended}.
-- Returns for each 1, or 0 when it had been finished before: then nothing is handed over.
local messages, queue, deferred, waiting, scheduled, taken, events = unpack(KEYS, 1, 7)
local ended, before, ready, dropped = unpack(KEYS, 8, 11)
local bounds, memory, accounts, finals = unpack(cmsgpack.unpack(ARGV[1]))

local function leave(entry, member)
  if entry ~= '' then redis.call('XDEL', queue, entry) end
  if entry == '' or redis.call('XACK', queue, 'gateway', entry) == 0 then
    redis.call('ZREM', deferred, member)
    redis.call('ZREM', waiting, member)
    redis.call('ZREM', scheduled, member)
  end
end

local finished, touched, records, ids = {}, {}, {}, {}
for i, final in ipairs(finals) do
  local id, member, entry, outbox, receipts, billable, record = unpack(final)
  finished[i] = redis.call('HDEL', messages, id)
  leave(entry, member)
  ids[i] = id
  if finished[i] == 1 then
    records[#records + 1] = id
    records[#records + 1] = record
    for _, body in ipairs(receipts) do
      append(KEYS[11 + outbox], body)
      touched[outbox] = true
    end
    for _, event in ipairs(billable) do redis.call('XADD', events, '*', 'event', event) end
  end
end
redis.call('SREM', taken, unpack(ids))
remember(ended, before, memory, records)
for outbox in pairs(touched) do
  appended(KEYS[11 + outbox], accounts[outbox], ready, dropped, bounds)
end
return finished
