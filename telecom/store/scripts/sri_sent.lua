-- Records that sendRoutingInfoForSM leaves.
-- KEYS: a record each. Takes their lifetime in ms and for each its SriSent.
-- A record that is there already, or was used up, stays as it is: this is a retry.
local lifetime, requests = unpack(cmsgpack.unpack(ARGV[1]))
for i, sri in ipairs(requests) do
  redis.call('SET', KEYS[i], cmsgpack.pack({'sent', sri}), 'NX', 'PX', lifetime)
end
return #KEYS
