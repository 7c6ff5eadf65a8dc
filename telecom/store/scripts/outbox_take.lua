-- Takes what is to be delivered: first what came back undelivered, then what is new, in order.
-- KEYS: outboxes. Takes the node, and for each outbox how many at most.
-- Returns for each entry and body, alternating.
local node, counts = unpack(cmsgpack.unpack(ARGV[1]))

local function read(outbox, consumer, count, from)
  local reply = redis.call('XREADGROUP', 'GROUP', 'gateway', consumer, 'COUNT', count,
    'STREAMS', outbox, from)
  return reply and reply[1] and reply[1][2] or {}
end

local function take(outbox, count)
  local taken = {}
  local function keep(entry)
    taken[#taken + 1] = entry[1]
    taken[#taken + 1] = entry[2][2]
  end
  for _, entry in ipairs(read(outbox, 'returned', count, '0')) do
    if entry[2] then
      redis.call('XCLAIM', outbox, 'gateway', node, 0, entry[1], 'JUSTID')
      keep(entry)
    else
      redis.call('XACK', outbox, 'gateway', entry[1]) -- trimmed meanwhile
    end
  end
  local left = count - #taken / 2
  if left > 0 then
    for _, entry in ipairs(read(outbox, node, left, '>')) do keep(entry) end
  end
  return taken
end

local taken = {}
for i, outbox in ipairs(KEYS) do
  taken[i] = redis.call('EXISTS', outbox) == 1 and take(outbox, counts[i]) or {}
end
return taken
