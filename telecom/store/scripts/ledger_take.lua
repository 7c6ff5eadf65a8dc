-- Takes for the ledger what a partition has for it.
-- KEYS: streams. Takes the consumer, how many new entries of each at most, and for how many ms
-- others must have left as many for them to be taken over (-1: leave them).
-- Returns the entries of each stream.
local consumer, count, idle = unpack(cmsgpack.unpack(ARGV[1]))

local function read(stream)
  return redis.pcall('XREADGROUP', 'GROUP', 'ledger', consumer, 'COUNT', count,
    'STREAMS', stream, '>')
end

local function take_new(stream)
  local reply = read(stream)
  if reply and reply.err then -- no group, or no stream yet
    redis.call('XGROUP', 'CREATE', stream, 'ledger', '0', 'MKSTREAM')
    reply = read(stream)
  end
  return reply and reply[1] and reply[1][2] or {}
end

local function take_over(stream, taken)
  local before, cursor = #taken, '0-0'
  repeat
    local reply = redis.call('XAUTOCLAIM', stream, 'ledger', consumer, idle, cursor,
      'COUNT', count)
    cursor = reply[1]
    for _, entry in ipairs(reply[2]) do
      if entry then taken[#taken + 1] = entry end
    end
  until #taken > before or cursor == '0-0'
end

local taken = {}
for i, stream in ipairs(KEYS) do
  taken[i] = take_new(stream)
  if idle >= 0 then take_over(stream, taken[i]) end
end
return taken
