-- Queues deferred messages: those that are due, or those that an alert makes due.
-- KEYS: queue, deferred, waiting.
-- ARGV: 'due', the time, how many at most; or 'alert', the number and ':', how many at most.
-- Returns how many.
local members
if ARGV[1] == 'due' then
  members = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
else
  -- ';' is the character after ':'
  local stop = string.sub(ARGV[2], 1, -2) .. ';'
  members = redis.call('ZRANGEBYLEX', KEYS[3], '[' .. ARGV[2], '(' .. stop, 'LIMIT', 0, ARGV[3])
end
for _, member in ipairs(members) do
  redis.call('ZREM', KEYS[2], member)
  redis.call('ZREM', KEYS[3], member)
  redis.call('XADD', KEYS[1], '*', 'id', string.match(member, '[^:]*$'))
end
return #members
