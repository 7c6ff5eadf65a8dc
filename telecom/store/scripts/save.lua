-- Replaces messages by what they have become, and records what came of it.
-- KEYS: messages, events. Takes for each {id, message, billable events}.
-- Returns for each 1, or 0 when the message was finished before; its events count all the same.
local messages, events = unpack(KEYS)
local saved = {}
for i, step in ipairs(cmsgpack.unpack(ARGV[1])) do
  saved[i] = redis.call('HEXISTS', messages, step[1])
  if saved[i] == 1 then redis.call('HSET', messages, step[1], step[2]) end
  for _, event in ipairs(step[3]) do redis.call('XADD', events, '*', 'event', event) end
end
return saved
