-- Looks at messages by their ids.
-- KEYS: messages, taken, ended, ended_before, then for each id the list of the messages that it
-- stands for. Takes the ids.
-- Returns for each {message, 1 while a node is at work on it, how it ended, what it stands for};
-- false where there is none.
local messages, taken, ended, before = unpack(KEYS, 1, 4)
local found = {}
for i, id in ipairs(cmsgpack.unpack(ARGV[1])) do
  local message = redis.call('HGET', messages, id)
  local record = not message
    and (redis.call('HGET', ended, id) or redis.call('HGET', before, id))
  found[i] = {
    message,
    redis.call('SISMEMBER', taken, id),
    record,
    not message and not record and redis.call('GET', KEYS[4 + i]),
  }
end
return found
