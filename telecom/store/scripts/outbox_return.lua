-- Gives back what a node has taken and could not deliver.
-- KEYS: outbox_ready, then outboxes. ARGV: node; then for each outbox account and entry.
-- What another node has claimed meanwhile stays with it.
for i = 2, #KEYS do
  local outbox, account, entry = KEYS[i], ARGV[2 * i - 2], ARGV[2 * i - 1]
  if redis.call('EXISTS', outbox) == 1
    and #redis.call('XPENDING', outbox, 'gateway', entry, entry, 1, ARGV[1]) == 1 then
    redis.call('XCLAIM', outbox, 'gateway', 'returned', 0, entry, 'JUSTID')
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', 500, '*', 'account', account)
  end
end
return #KEYS - 1
