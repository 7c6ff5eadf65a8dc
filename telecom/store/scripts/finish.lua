-- Removes messages that have reached their final state, and hands over what came of them.
-- KEYS: messages, queue, deferred, waiting, events, outbox_ready, dropped, then outboxes.
-- ARGV: bounds of an outbox (see append.lua); the accounts of the outboxes; then for each
-- message id, member, entry, its outbox (from 1), the number of receipts and these, the number
-- of billable events and these.
-- Returns for each 1, or 0 when it had been finished before: then there is nothing to hand over.
local messages, queue, deferred, waiting, events = unpack(KEYS, 1, 5)
local bounds = {length = ARGV[1], oldest = ARGV[2], lifetime = ARGV[3]}
local outboxes = #KEYS - 7
local finished, at, touched = {}, 4 + outboxes, {}

local function counted(first)
  local last = first + tonumber(ARGV[first])
  return {unpack(ARGV, first + 1, last)}, last + 1
end

while at <= #ARGV do
  local id, member, entry, outbox = unpack(ARGV, at, at + 3)
  local receipts, after = counted(at + 4)
  local billable
  billable, at = counted(after)
  local exists = redis.call('HDEL', messages, id)
  if entry ~= '' then redis.call('XDEL', queue, entry) end
  if entry == '' or redis.call('XACK', queue, 'gateway', entry) == 0 then
    redis.call('ZREM', deferred, member)
    redis.call('ZREM', waiting, member)
  end
  if exists == 1 then
    for _, body in ipairs(receipts) do
      append(KEYS[7 + outbox], body)
      touched[tonumber(outbox)] = true
    end
    for _, event in ipairs(billable) do redis.call('XADD', events, '*', 'event', event) end
  end
  finished[#finished + 1] = exists
end
for outbox in pairs(touched) do
  appended(KEYS[7 + outbox], ARGV[3 + outbox], KEYS[6], KEYS[7], bounds)
end
return finished
