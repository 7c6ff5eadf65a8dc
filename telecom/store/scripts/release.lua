-- Included by the scripts that queue deferred messages.
local function release(queue, deferred, waiting, scheduled, members)
  for _, member in ipairs(members) do
    redis.call('ZREM', deferred, member)
    redis.call('ZREM', waiting, member)
    redis.call('ZREM', scheduled, member)
    redis.call('XADD', queue, '*', 'id', string.match(member, '[^:]*$'))
  end
end
