-- Included by the scripts that look for what waits for its delivery by its addresses.
-- Behind its id a stored message has its account, source, destination and service type: `key` is
-- these, or the first of these, as records.py's address_key writes them.
local BEHIND_ID = 25

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
  if #ids == 0 then return end
  for i, message in ipairs(redis.call('HMGET', messages, unpack(ids))) do
    if message and string.sub(message, BEHIND_ID, BEHIND_ID + #key - 1) == key
      and redis.call('SISMEMBER', taken, ids[i]) == 0 then
      found[#found + 1] = ids[i]
      found[#found + 1] = message
    end
  end
end

-- These return the ids of the newest before what was seen last ('' at first), and what that is now.
local function put_off(set, number, before, limit)
  local from = before == '' and '(' .. number .. ';' or '(' .. before
  local members = redis.call('ZREVRANGEBYLEX', set, from, '[' .. number .. ':', 'LIMIT', 0, limit)
  local ids = {}
  for i, member in ipairs(members) do ids[i] = string.match(member, '[^:]*$') end
  return ids, members[#members]
end

local function queued(queue, before, limit)
  local from = before == '' and '+' or '(' .. before
  local entries = redis.call('XREVRANGE', queue, from, '(' .. last_taken(queue), 'COUNT', limit)
  local ids = {}
  for i, entry in ipairs(entries) do ids[i] = entry[2][2] end
  return ids, #entries > 0 and entries[#entries][1]
end

-- Looks at `limit` messages at most, from a place on: first in the sets of what is put off, then in
-- the queue. Returns id and message of those found, alternating, and the place to go on from:
-- {which of these it is, what was seen of it last}; the first number is 0 at the end.
local function search(messages, taken, queue, sets, number, key, place, limit)
  local found, which, seen = {}, unpack(place)
  while limit > 0 do
    local ids, last
    if sets[which] then
      ids, last = put_off(sets[which], number, seen, limit)
    else
      ids, last = queued(queue, seen, limit)
    end
    keep(messages, taken, key, ids, found)
    if #ids == limit then return found, {which, last} end
    if not sets[which] then return found, {0, ''} end
    which, seen, limit = which + 1, '', limit - #ids
  end
end
