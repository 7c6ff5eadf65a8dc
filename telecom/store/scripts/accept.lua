-- Stores and queues messages, all of them or none.
-- KEYS: messages, queue, deferred, scheduled, last batch of this node.
-- Takes the name of this batch, how long it is remembered in seconds, the messages for now
-- {id, message}, and the scheduled ones {id, message, member, due}.
-- A message that is stored already stays as it is, and a batch that was already accepted is
-- not accepted again, even if its messages have been delivered since: this is a retry.
local messages, queue, deferred, scheduled, last = unpack(KEYS)
local batch, memory, at_once, later = unpack(cmsgpack.unpack(ARGV[1]))
if redis.call('GET', last) == batch then return 0 end
for _, message in ipairs(at_once) do
  if redis.call('HSETNX', messages, message[1], message[2]) == 1 then
    redis.call('XADD', queue, '*', 'id', message[1])
  end
end
for _, message in ipairs(later) do
  if redis.call('HSETNX', messages, message[1], message[2]) == 1 then
    redis.call('ZADD', deferred, message[4], message[3])
    redis.call('ZADD', scheduled, 0, message[3])
  end
end
redis.call('SET', last, batch, 'EX', memory)
return 1
