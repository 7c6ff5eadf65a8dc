-- Finds the messages that receipts of upstreams are about, and records what each says of its part.
-- KEYS: messages, held, held_at; then for each receipt the hashes that it may mean.
-- Takes the time, how long receipts are held in seconds and how many at most, and for each
-- {how many hashes, whether its state is final, what it says, the name to hold it under}.
-- Returns for each {1, the message, what is on record of the part}: the message is empty when it
-- has ended. {0} when nobody knows the part: a final one is then held for the response that it
-- has overtaken.
local messages, held, held_at = unpack(KEYS, 1, 3)
local now, memory, limit, receipts = unpack(cmsgpack.unpack(ARGV[1]))

local function forget(names)
  if #names > 0 then
    redis.call('HDEL', held, unpack(names))
    redis.call('ZREM', held_at, unpack(names))
  end
end

local function hold(name, says)
  redis.call('HSETNX', held, name, says)
  redis.call('ZADD', held_at, 'NX', now, name)
  forget(redis.call('ZRANGEBYSCORE', held_at, '-inf', now - memory, 'LIMIT', 0, 100))
  local surplus = redis.call('ZCARD', held_at) - limit
  if surplus > 0 then forget(redis.call('ZRANGE', held_at, 0, surplus - 1)) end
end

local function find(first, count)
  for place = first, first + count - 1 do
    local id = redis.call('HGET', KEYS[place], 'message')
    if id then return KEYS[place], id end
  end
end

local found, first = {}, 4
for i, receipt in ipairs(receipts) do
  local count, final, says, name = unpack(receipt)
  local part, id = find(first, count)
  if part then
    if final then redis.call('HSETNX', part, 'told', says) end
    local message = redis.call('HGET', messages, id)
    found[i] = {1, message or '', redis.call('HGET', part, 'told') or ''}
  else
    if final then hold(name, says) end
    found[i] = {0}
  end
  first = first + count
end
return found
