-- Finds messages that wait for their delivery, by their addresses.
-- KEYS: messages, taken, queue, then the sets of what is put off.
-- Takes the number, the key and the place to start from (see pending.lua), and how many messages to
-- look at. Returns the place to go on from, and id and message of each, alternating.
local messages, taken, queue = unpack(KEYS, 1, 3)
local number, key, place, limit = unpack(cmsgpack.unpack(ARGV[1]))
local found, next_place =
  search(messages, taken, queue, {unpack(KEYS, 4)}, number, key, place, limit)
return {next_place, found}
