-- Puts items into outboxes, each once.
-- KEYS: events, outbox_ready, dropped; then for each item its outbox and the key of its id.
-- Takes the bounds of an outbox (see append.lua), how long an id is remembered in seconds, and
-- for each item {account, body, billable events}.
-- Returns for each 1, or 0 when it had been put before.
local events, ready, dropped = unpack(KEYS, 1, 3)
local bounds, memory, items = unpack(cmsgpack.unpack(ARGV[1]))
local put, touched = {}, {}
for i, item in ipairs(items) do
  local account, body, billable = unpack(item)
  local outbox, known = KEYS[2 + 2 * i], KEYS[3 + 2 * i]
  put[i] = redis.call('SET', known, '', 'NX', 'EX', memory) and 1 or 0
  if put[i] == 1 then
    append(outbox, body)
    touched[outbox] = account
    for _, event in ipairs(billable) do redis.call('XADD', events, '*', 'event', event) end
  end
end
for outbox, account in pairs(touched) do appended(outbox, account, ready, dropped, bounds) end
return put
