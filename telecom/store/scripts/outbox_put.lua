-- Puts items into outboxes, each once.
-- KEYS: events, outbox_ready, dropped; then for each item its outbox and the key of its id.
-- ARGV: bounds of an outbox (see append.lua), how long an id is remembered in seconds; then for
-- each item account, body, the number of billable events and these.
-- Returns for each 1, or 0 when it had been put before.
local bounds = {length = ARGV[1], oldest = ARGV[2], lifetime = ARGV[3]}
local put, touched, at = {}, {}, 5
for key = 4, #KEYS, 2 do
  local outbox, last = KEYS[key], at + 2 + tonumber(ARGV[at + 2])
  if redis.call('SET', KEYS[key + 1], '', 'NX', 'EX', ARGV[4]) then
    append(outbox, ARGV[at + 1])
    touched[outbox] = ARGV[at]
    for event = at + 3, last do redis.call('XADD', KEYS[1], '*', 'event', ARGV[event]) end
    put[#put + 1] = 1
  else
    put[#put + 1] = 0
  end
  at = last + 1
end
for outbox, account in pairs(touched) do
  appended(outbox, account, KEYS[2], KEYS[3], bounds)
end
return put
