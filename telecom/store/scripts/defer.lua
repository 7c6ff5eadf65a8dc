-- Puts taken messages off until they are due.
-- KEYS: messages, queue, deferred, waiting, taken, outbox_ready, dropped, then outboxes.
-- Takes the bounds of an outbox (see append.lua), the account of each outbox, and for each
-- message {id, message, member, entry, due, its outbox, what its sender is told}.
-- Returns for each 1, or 0 when its entry is no longer in the queue: another node has claimed
-- the message and has put it off or finished it.
local messages, queue, deferred, waiting, taken, ready, dropped = unpack(KEYS, 1, 7)
local bounds, accounts, deferrals = unpack(cmsgpack.unpack(ARGV[1]))
local held, touched = {}, {}
for i, message in ipairs(deferrals) do
  local id, blob, member, entry, due, outbox, notices = unpack(message)
  held[i] = redis.call('XACK', queue, 'gateway', entry)
  if held[i] == 1 then
    redis.call('XDEL', queue, entry)
    redis.call('HSET', messages, id, blob)
    redis.call('ZADD', deferred, due, member)
    redis.call('ZADD', waiting, 0, member)
    redis.call('SREM', taken, id)
    for _, body in ipairs(notices) do
      append(KEYS[7 + outbox], body)
      touched[outbox] = true
    end
  end
end
for outbox in pairs(touched) do
  appended(KEYS[7 + outbox], accounts[outbox], ready, dropped, bounds)
end
return held
