-- Records that upstreams have accepted parts of messages, and puts off the messages that have no
-- part left until they are overdue.
-- KEYS: messages, queue, deferred, events, held, held_at; then the hash of each part.
-- Takes for each {message id, message, member, entry, due or false, for how many seconds the part
-- is remembered, the names that a receipt may have been held under, billable events}.
-- Returns for each the receipt that had come before, or an empty string.
-- What was charged and what the upstream calls it is true whoever has the message by now.
local messages, queue, deferred, events, held, held_at = unpack(KEYS, 1, 6)

local function take_held(part, names)
  local told = redis.call('HGET', part, 'told')
  for _, name in ipairs(names) do
    local early = redis.call('HGET', held, name)
    if early and not told then
      told = early
      redis.call('HSET', part, 'told', told)
    end
    redis.call('HDEL', held, name)
    redis.call('ZREM', held_at, name)
  end
  return told or ''
end

local function put_off(entry, member, due)
  if redis.call('XACK', queue, 'gateway', entry) == 1 then
    redis.call('XDEL', queue, entry)
    redis.call('ZADD', deferred, due, member)
  end
end

local told = {}
for i, accepted in ipairs(cmsgpack.unpack(ARGV[1])) do
  local id, message, member, entry, due, memory, names, billable = unpack(accepted)
  local part = KEYS[6 + i]
  if redis.call('HGET', part, 'message') ~= id then redis.call('DEL', part) end -- an id used again
  redis.call('HSET', part, 'message', id)
  redis.call('EXPIRE', part, memory)
  for _, event in ipairs(billable) do redis.call('XADD', events, '*', 'event', event) end
  if redis.call('HEXISTS', messages, id) == 1 then
    redis.call('HSET', messages, id, message)
    if due then put_off(entry, member, due) end
  end
  told[i] = take_held(part, names)
end
return told
