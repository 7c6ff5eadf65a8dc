-- Changes messages that wait for their delivery.
-- KEYS: messages, taken, deferred, waiting, scheduled.
-- Takes for each {id, message as it was seen, what it becomes, member, when it is due (false: as
-- before), when it expires}.
-- Returns for each 1, or 0 when it has ended or changed otherwise, or is on its way.
-- One in the queue that is due later is put off by who takes it.
local messages, taken, deferred, waiting, scheduled = unpack(KEYS)

local function put_off(member, due, expires)
  local before = redis.call('ZSCORE', deferred, member)
  if not before then return end
  redis.call('ZADD', deferred, math.min(due or tonumber(before), expires), member)
  if due then
    redis.call('ZREM', waiting, member)
    redis.call('ZADD', scheduled, 0, member)
  end
end

local function amend(id, seen, message, member, due, expires)
  local stored = redis.call('HGET', messages, id)
  if stored == message then return 1 end -- the same call again: its reply was lost
  if stored ~= seen or redis.call('SISMEMBER', taken, id) == 1 then return 0 end
  redis.call('HSET', messages, id, message)
  put_off(member, due, expires)
  return 1
end

local amended = {}
for i, amendment in ipairs(cmsgpack.unpack(ARGV[1])) do amended[i] = amend(unpack(amendment)) end
return amended
