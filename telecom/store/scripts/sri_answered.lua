-- Binds records to the IMSI and the node that the answer gave.
-- KEYS: a record each. Takes for each its SriAnswered.
-- Returns for each 1 when it is bound to that IMSI and node, else 0: it is gone, used up, of
-- another number, or was answered otherwise before (the first answer holds).
local function bind(key, blob)
  local answer = answer_of(blob)
  local state, sri, first = unpack(record_of(key))
  if state == 'sent' and sri_of(sri).msisdn == answer.msisdn then
    redis.call('SET', key, cmsgpack.pack({'answered', sri, blob}), 'KEEPTTL')
    return 1
  elseif state == 'answered' then
    first = answer_of(first)
    return first.msisdn == answer.msisdn and first.imsi == answer.imsi
      and first.node == answer.node and 1 or 0
  end
  return 0
end

local bound = {}
for i, blob in ipairs(cmsgpack.unpack(ARGV[1])) do bound[i] = bind(KEYS[i], blob) end
return bound
