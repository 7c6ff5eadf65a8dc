-- Takes over messages that nobody has renewed for a while.
-- KEYS: queue, messages, taken.
-- Takes the node, idle in ms, where to go on, how many, and for how many ms idle consumers are
-- remembered. Returns where to go on, then entry and message of each, alternating.
-- An entry whose message is finished is removed.
local queue, messages, taken = unpack(KEYS)
local node, idle, start, count, memory = unpack(cmsgpack.unpack(ARGV[1]))
local cursor, entries = unpack(
  redis.call('XAUTOCLAIM', queue, 'gateway', node, idle, start, 'COUNT', count))
local claimed = {cursor}
for _, entry in ipairs(entries) do
  local message = entry and redis.call('HGET', messages, entry[2][2])
  if message then
    redis.call('SADD', taken, entry[2][2]) -- its node may have died before it had read it
    claimed[#claimed + 1] = entry[1]
    claimed[#claimed + 1] = message
  elseif entry then
    redis.call('XACK', queue, 'gateway', entry[1])
    redis.call('XDEL', queue, entry[1])
  end
end
prune(queue, memory)
return claimed
