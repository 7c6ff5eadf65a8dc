-- Says that a node is still at work on what it has taken.
-- KEYS: queue. ARGV: node, then entries.
-- Returns for each 1, or 0 when it is not (or no longer) this node's.
local renewed = {}
for i = 2, #ARGV do
  local pending = redis.call('XPENDING', KEYS[1], 'gateway', ARGV[i], ARGV[i], 1, ARGV[1])
  if #pending == 1 then
    redis.call('XCLAIM', KEYS[1], 'gateway', ARGV[1], 0, ARGV[i], 'JUSTID')
  end
  renewed[i - 1] = #pending
end
return renewed
