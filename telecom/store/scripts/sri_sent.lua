-- Records that a sendRoutingInfoForSM leaves.
-- KEYS: a record each. ARGV: its lifetime in ms; then for each key
-- msisdn, SCCP calling GT, service centre address, time, the SriSent itself.
-- A record that is there already, or was used up, stays as it is: this is a retry.
local lifetime = ARGV[1]
for i, record in ipairs(KEYS) do
  local at = 2 + (i - 1) * 5
  if redis.call('EXISTS', record) == 0 then
    redis.call('HSET', record, 'msisdn', ARGV[at], 'sccp_gt', ARGV[at + 1],
      'map_gt', ARGV[at + 2], 'at', ARGV[at + 3], 'sri', ARGV[at + 4])
    redis.call('PEXPIRE', record, lifetime)
  end
end
return #KEYS
