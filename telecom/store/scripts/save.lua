-- Replaces messages by what they have become, and records what came of it.
-- KEYS: messages, events.
-- ARGV: for each id, message, the number of billable events, and these.
-- Returns for each 1, or 0 when the message is in its final state; its events count all the same.
local saved, at = {}, 1
while at <= #ARGV do
  local last = at + 2 + tonumber(ARGV[at + 2])
  local exists = redis.call('HEXISTS', KEYS[1], ARGV[at])
  if exists == 1 then redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
  for event = at + 3, last do redis.call('XADD', KEYS[2], '*', 'event', ARGV[event]) end
  saved[#saved + 1] = exists
  at = last + 1
end
return saved
