-- Removes messages that have reached their final state, and hands over what came of them.
-- KEYS: messages, queue, deferred, waiting, events, outbox_ready, dropped, then outboxes.
-- Takes the bounds of an outbox (see append.lua), the account of each outbox, and for each
-- message {id, member, entry, its outbox, receipts, billable events}.
-- Returns for each 1, or 0 when it had been finished before: then nothing is handed over.
local messages, queue, deferred, waiting, events, ready, dropped = unpack(KEYS, 1, 7)
local bounds, accounts, finals = unpack(cmsgpack.unpack(ARGV[1]))

local function leave(entry, member)
  if entry ~= '' then redis.call('XDEL', queue, entry) end
  if entry == '' or redis.call('XACK', queue, 'gateway', entry) == 0 then
    redis.call('ZREM', deferred, member)
    redis.call('ZREM', waiting, member)
  end
end

local finished, touched = {}, {}
for i, final in ipairs(finals) do
  local id, member, entry, outbox, receipts, billable = unpack(final)
  finished[i] = redis.call('HDEL', messages, id)
  leave(entry, member)
  if finished[i] == 1 then
    for _, body in ipairs(receipts) do
      append(KEYS[7 + outbox], body)
      touched[outbox] = true
    end
    for _, event in ipairs(billable) do redis.call('XADD', events, '*', 'event', event) end
  end
end
for outbox in pairs(touched) do
  appended(KEYS[7 + outbox], accounts[outbox], ready, dropped, bounds)
end
return finished
