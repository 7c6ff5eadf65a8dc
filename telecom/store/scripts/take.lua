-- Reads messages that a node has taken from the queue.
-- KEYS: messages, taken. Takes their ids.
-- Returns the message of each, or false where it has been finished or withdrawn while queued.
local messages, taken = unpack(KEYS)
local ids = cmsgpack.unpack(ARGV[1])
local found = redis.call('HMGET', messages, unpack(ids))
local held = {}
for i, id in ipairs(ids) do
  if found[i] then held[#held + 1] = id end
end
if #held > 0 then redis.call('SADD', taken, unpack(held)) end
return found
