-- Takes over messages that nobody has renewed for a while.
-- KEYS: queue, messages.
-- ARGV: node, idle in ms, where to go on, how many, forget consumers idle for ms.
-- Returns where to go on, then entry and message of each. An entry whose message is finished is
-- removed.
local queue, messages = KEYS[1], KEYS[2]
local cursor, entries = unpack(
  redis.call('XAUTOCLAIM', queue, 'gateway', ARGV[1], ARGV[2], ARGV[3], 'COUNT', ARGV[4]))
local claimed = {cursor}
for _, entry in ipairs(entries) do
  local message = entry and redis.call('HGET', messages, entry[2][2])
  if message then
    claimed[#claimed + 1] = entry[1]
    claimed[#claimed + 1] = message
  elseif entry then
    redis.call('XACK', queue, 'gateway', entry[1])
    redis.call('XDEL', queue, entry[1])
  end
end
prune(queue, ARGV[5])
return claimed
