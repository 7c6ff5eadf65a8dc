-- Ends messages that wait for their delivery.
-- KEYS: messages, taken, deferred, waiting, scheduled, ended, ended_before, outbox_ready, dropped,
-- then outboxes.
-- Takes the bounds of an outbox (see append.lua) and of what is remembered (see ended.lua), the
-- account of each outbox, and the messages (see withdrawal.lua).
-- Returns for each 1, or 0 when it has ended or changed otherwise, or is on its way.
local bounds, memory, accounts, withdrawals = unpack(cmsgpack.unpack(ARGV[1]))
return withdraw_all(keys_of_withdrawal(), bounds, memory, accounts, 10, withdrawals)
