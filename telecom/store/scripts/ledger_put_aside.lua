-- Puts entries that nothing can be made of aside, for a person to look at.
-- KEYS: stream, the stream of what was put aside. Takes the entries.
local stream, aside = unpack(KEYS)
local entries = cmsgpack.unpack(ARGV[1])
for _, id in ipairs(entries) do
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if entry then
    redis.call('XADD', aside, '*', 'stream', stream, 'entry', id, unpack(entry[2]))
  end
end
redis.call('XACK', stream, 'ledger', unpack(entries))
return redis.call('XDEL', stream, unpack(entries))
