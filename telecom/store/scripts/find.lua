-- Finds messages that wait for their delivery, by their addresses.
-- KEYS: messages, taken, queue, then the sets of what is put off.
-- Takes the number, the key (see pending.lua), where to go on in the queue ('+' at first), and
-- how many entries of it to look at.
-- Returns where to go on ('' at the end), then id and message of each, alternating.
local messages, taken, queue = unpack(KEYS, 1, 3)
local number, key, before, limit = unpack(cmsgpack.unpack(ARGV[1]))
local found = {''}
if before == '+' then
  keep(messages, taken, key, put_off({unpack(KEYS, 4)}, number), found)
end
local ids
ids, found[1] = queued(queue, before, limit)
keep(messages, taken, key, ids, found)
return found
