-- Renews the leases of a node's binds.
-- KEYS: as in bind_take, one for each account. Takes the time, when the leases are to end, and for
-- each account its binds.
local now, ends, accounts = unpack(cmsgpack.unpack(ARGV[1]))
for i, binds in ipairs(accounts) do
  for _, bind in ipairs(binds) do
    redis.call('ZADD', KEYS[i], ends, bind)
  end
  redis.call('PEXPIRE', KEYS[i], ends - now)
end
