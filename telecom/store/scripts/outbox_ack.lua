-- Removes what has been delivered.
-- KEYS: outboxes. ARGV: for each key its entry.
for i, outbox in ipairs(KEYS) do
  redis.call('XACK', outbox, 'gateway', ARGV[i])
  redis.call('XDEL', outbox, ARGV[i])
end
return #KEYS
