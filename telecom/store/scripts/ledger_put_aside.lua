-- Puts entries that nothing can be made of aside, for a person to look at.
-- KEYS: stream, the stream of what was put aside. ARGV: entries.
for _, id in ipairs(ARGV) do
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  if entry then
    redis.call('XADD', KEYS[2], '*', 'stream', KEYS[1], 'entry', id, unpack(entry[2]))
  end
end
redis.call('XACK', KEYS[1], 'ledger', unpack(ARGV))
return redis.call('XDEL', KEYS[1], unpack(ARGV))
