-- Takes for the ledger what a partition has for it.
-- KEYS: streams. ARGV: consumer, how many of each at most, and for how many ms others must have
-- left entries unfinished for them to be taken over (-1: leave them).
-- Returns the entries of each stream.
local function read(stream)
  return redis.pcall('XREADGROUP', 'GROUP', 'ledger', ARGV[1], 'COUNT', ARGV[2],
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

local function take_over(stream)
  local cursor, taken = '0-0', {}
  repeat
    local reply = redis.call('XAUTOCLAIM', stream, 'ledger', ARGV[1], ARGV[3], cursor,
      'COUNT', ARGV[2])
    cursor = reply[1]
    for _, entry in ipairs(reply[2]) do
      if entry then taken[#taken + 1] = entry end
    end
  until #taken > 0 or cursor == '0-0'
  return taken
end

local taken = {}
for i, stream in ipairs(KEYS) do
  taken[i] = take_new(stream)
  if tonumber(ARGV[3]) >= 0 and #taken[i] == 0 then taken[i] = take_over(stream) end
end
return taken
