-- Stores and queues messages, all of them or none.
-- KEYS: messages, queue, deferred, last batch of this node.
-- ARGV: the name of this batch, how long it is remembered in seconds, the number of messages
-- for now, id and message of each; then of each scheduled one id, message, member, due time.
-- A message that is stored already stays as it is, and a batch that was already accepted is
-- not accepted again, even if its messages have been delivered since: this is a retry.
local messages, queue, deferred, last = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
if redis.call('GET', last) == ARGV[1] then return 0 end
local scheduled = 4 + 2 * tonumber(ARGV[3])
for at = 4, scheduled - 1, 2 do
  if redis.call('HSETNX', messages, ARGV[at], ARGV[at + 1]) == 1 then
    redis.call('XADD', queue, '*', 'id', ARGV[at])
  end
end
for at = scheduled, #ARGV, 4 do
  if redis.call('HSETNX', messages, ARGV[at], ARGV[at + 1]) == 1 then
    redis.call('ZADD', deferred, ARGV[at + 3], ARGV[at + 2])
  end
end
redis.call('SET', last, ARGV[1], 'EX', ARGV[2])
return 1
