-- Says that a node is still at work on what it has taken.
-- KEYS: queue. Takes the node and the entries.
-- Returns for each 1, or 0 when it is not (or no longer) this node's.
local node, entries = unpack(cmsgpack.unpack(ARGV[1]))
local renewed = {}
for i, entry in ipairs(entries) do
  renewed[i] = #redis.call('XPENDING', KEYS[1], 'gateway', entry, entry, 1, node)
  if renewed[i] == 1 then
    redis.call('XCLAIM', KEYS[1], 'gateway', node, 0, entry, 'JUSTID')
  end
end
return renewed
