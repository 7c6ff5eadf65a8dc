-- Stores a message in the place of those with its addresses that wait for their delivery.
-- KEYS: those of withdraw.lua up to dropped, queue, then outboxes.
-- Takes the number, the key and the place to start from (see pending.lua), how many messages to look
-- at, the bounds and accounts as withdraw.lua does, the messages that were found (see
-- withdrawal.lua), and the new one {id, message, member, due (false: at once)}.
-- Returns 1, or 0 when others are there by now than those that were found: nothing has happened.
local keys, queue = keys_of_withdrawal(), KEYS[10]
local number, key, place, limit, bounds, memory, accounts, withdrawals, new =
  unpack(cmsgpack.unpack(ARGV[1]))
local id, message, member, due = unpack(new)
for _, hash in ipairs({keys.messages, keys.ended, keys.before}) do
  if redis.call('HEXISTS', hash, id) == 1 then return 1 end -- this call again: its reply was lost
end

local put_off_sets = {keys.waiting, keys.scheduled}
local found = search(keys.messages, keys.taken, queue, put_off_sets, number, key, place, limit)
if #found ~= 2 * #withdrawals then return 0 end
for i, withdrawal in ipairs(withdrawals) do
  if found[2 * i - 1] ~= withdrawal[1] or found[2 * i] ~= withdrawal[2] then return 0 end
end

withdraw_all(keys, bounds, memory, accounts, 11, withdrawals)
redis.call('HSET', keys.messages, id, message)
if due then
  redis.call('ZADD', keys.deferred, due, member)
  redis.call('ZADD', keys.scheduled, 0, member)
else
  redis.call('XADD', queue, '*', 'id', id)
end
return 1
