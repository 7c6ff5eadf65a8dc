-- Included by the scripts that look for what waits for its delivery by its addresses.
-- Behind its id a stored message has its account, source, destination and service type: `key` is
-- these, or the first of these, as records.py's address_key writes them.
local BEHIND_ID = 25
local READ_AT_ONCE = 1000

local function last_taken(queue)
  local groups = redis.pcall('XINFO', 'GROUPS', queue)
  for _, group in ipairs(groups) do
    local fields = {}
    for i = 1, #group, 2 do fields[group[i]] = group[i + 1] end
    if fields.name == 'gateway' then return fields['last-delivered-id'] end
  end
  return '0-0' -- nobody has taken anything, or there is nothing to take
end

-- Adds to `found` id and message, alternating, of those that no node is at work on.
local function keep(messages, taken, key, ids, found)
  for first = 1, #ids, READ_AT_ONCE do
    local last = math.min(first + READ_AT_ONCE - 1, #ids)
    for i, message in ipairs(redis.call('HMGET', messages, unpack(ids, first, last))) do
      local id = ids[first + i - 1]
      if message and string.sub(message, BEHIND_ID, BEHIND_ID + #key - 1) == key
        and redis.call('SISMEMBER', taken, id) == 0 then
        found[#found + 1] = id
        found[#found + 1] = message
      end
    end
  end
end

local function put_off(sets, number)
  local ids = {}
  for _, set in ipairs(sets) do
    for _, member in ipairs(members_of(set, number)) do
      ids[#ids + 1] = string.match(member, '[^:]*$')
    end
  end
  return ids
end

-- Returns the ids of the newest that are queued before an entry, and where to go on, if one can.
local function queued(queue, before, limit)
  local entries = redis.call('XREVRANGE', queue, before, '(' .. last_taken(queue), 'COUNT', limit)
  local ids = {}
  for i, entry in ipairs(entries) do ids[i] = entry[2][2] end
  return ids, #entries == limit and '(' .. entries[limit][1] or ''
end
