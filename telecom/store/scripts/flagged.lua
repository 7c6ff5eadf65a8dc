-- Takes delivery pending flags back, and tells those that they were set for.
-- KEYS: the flags of a number, outbox_ready, dropped, then outboxes.
-- Takes the bounds of an outbox (see append.lua), the account of each outbox, and for each flag
-- {whom it is for, what that hears, its outbox}.
-- One that is no longer there has been taken back, and told, before.
local flags, ready, dropped = unpack(KEYS, 1, 3)
local bounds, accounts, raised = unpack(cmsgpack.unpack(ARGV[1]))
local touched = {}
for _, flag in ipairs(raised) do
  local whom, body, outbox = unpack(flag)
  if redis.call('HDEL', flags, whom) == 1 then
    append(KEYS[3 + outbox], body)
    touched[outbox] = true
  end
end
for outbox in pairs(touched) do
  appended(KEYS[3 + outbox], accounts[outbox], ready, dropped, bounds)
end
return #raised
