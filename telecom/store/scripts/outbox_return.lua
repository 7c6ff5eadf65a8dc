-- Gives back what a node has taken and could not deliver.
-- KEYS: outbox_ready, then outboxes. Takes the node, and for each outbox {account, entry}.
-- What another node has claimed meanwhile stays with it.
local node, deliveries = unpack(cmsgpack.unpack(ARGV[1]))
for i, delivery in ipairs(deliveries) do
  local outbox, account, entry = KEYS[1 + i], unpack(delivery)
  if redis.call('EXISTS', outbox) == 1
    and #redis.call('XPENDING', outbox, 'gateway', entry, entry, 1, node) == 1 then
    redis.call('XCLAIM', outbox, 'gateway', 'returned', 0, entry, 'JUSTID')
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', 500, '*', 'account', account)
  end
end
return #deliveries
