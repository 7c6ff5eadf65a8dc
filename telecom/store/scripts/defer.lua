-- Puts taken messages off until they are due.
-- KEYS: messages, queue, deferred, waiting. Takes for each {id, message, member, entry, due}.
-- Returns for each 1, or 0 when its entry is no longer in the queue: another node has claimed
-- the message and has put it off or finished it.
local messages, queue, deferred, waiting = unpack(KEYS)
local held = {}
for i, message in ipairs(cmsgpack.unpack(ARGV[1])) do
  local id, blob, member, entry, due = unpack(message)
  held[i] = redis.call('XACK', queue, 'gateway', entry)
  if held[i] == 1 then
    redis.call('XDEL', queue, entry)
    redis.call('HSET', messages, id, blob)
    redis.call('ZADD', deferred, due, member)
    redis.call('ZADD', waiting, 0, member)
  end
end
return held
