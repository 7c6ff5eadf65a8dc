-- Included by the scripts that take over from dead nodes.
-- Forgets consumers that have nothing pending and have asked for nothing for long.
local function prune(stream, memory)
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, 'gateway')) do
    local fields = {}
    for i = 1, #consumer, 2 do fields[consumer[i]] = consumer[i + 1] end
    if fields.pending == 0 and fields.idle > memory then
      redis.call('XGROUP', 'DELCONSUMER', stream, 'gateway', fields.name)
    end
  end
end
