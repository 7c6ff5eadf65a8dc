-- Binds records to the IMSI and the node that the answer gave.
-- KEYS: a record each. ARGV: for each msisdn, imsi, node, the SriAnswered itself.
-- Returns for each 1 when it is bound to that IMSI and node, else 0: it is gone, used up, of
-- another number, or was answered otherwise before (the first answer holds).
local bound = {}
for i, record in ipairs(KEYS) do
  local at = 1 + (i - 1) * 4
  local msisdn, imsi, node = unpack(redis.call('HMGET', record, 'msisdn', 'imsi', 'node'))
  if msisdn ~= ARGV[at] then
    bound[i] = 0
  elseif not imsi then
    redis.call('HSET', record, 'imsi', ARGV[at + 1], 'node', ARGV[at + 2], 'answer', ARGV[at + 3])
    bound[i] = 1
  else
    bound[i] = (imsi == ARGV[at + 1] and node == ARGV[at + 2]) and 1 or 0
  end
end
return bound
