-- Puts taken messages off until they are due.
-- KEYS: messages, queue, deferred, waiting.
-- ARGV: for each id, message, member, entry, due time.
-- Returns for each 1, or 0 when its entry is no longer in the queue: another node has claimed
-- the message and has put it off or finished it.
local deferred = {}
for at = 1, #ARGV, 5 do
  local id, message, member, entry, due = unpack(ARGV, at, at + 4)
  local held = redis.call('XACK', KEYS[2], 'gateway', entry)
  if held == 1 then
    redis.call('XDEL', KEYS[2], entry)
    redis.call('HSET', KEYS[1], id, message)
    redis.call('ZADD', KEYS[3], due, member)
    redis.call('ZADD', KEYS[4], 0, member)
  end
  deferred[#deferred + 1] = held
end
return deferred
