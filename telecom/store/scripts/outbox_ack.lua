-- Removes what has been delivered.
-- KEYS: outboxes. Takes an entry of each.
for i, entry in ipairs(cmsgpack.unpack(ARGV[1])) do
  redis.call('XACK', KEYS[i], 'gateway', entry)
  redis.call('XDEL', KEYS[i], entry)
end
return #KEYS
