-- Token buckets. Of each is kept only the time at which it will be full again.
-- KEYS: the buckets. Takes the time in seconds, for each bucket {tokens a second, size}, and for
-- each demand {how many tokens, the buckets}.
-- Returns for each demand how many it gets: each of them from all of its buckets.
local now, shapes, demands = unpack(cmsgpack.unpack(ARGV[1]))
local buckets, granted = {}, {}
for i, key in ipairs(KEYS) do
  local rate, size = unpack(shapes[i])
  local full = math.max(tonumber(redis.call('GET', key) or now), now)
  local tokens = rate > 0 and math.max(size - (full - now) * rate, 0) or 0
  buckets[i] = {rate = rate, size = size, tokens = tokens, used = false}
end

for i, demand in ipairs(demands) do
  local tokens, wanted = unpack(demand)
  for _, bucket in ipairs(wanted) do
    tokens = math.min(tokens, math.floor(buckets[bucket].tokens + 1e-6)) -- for what rounding took
  end
  for _, bucket in ipairs(wanted) do
    buckets[bucket].tokens = buckets[bucket].tokens - tokens
    buckets[bucket].used = buckets[bucket].used or tokens > 0
  end
  granted[i] = tokens
end

for i, bucket in ipairs(buckets) do
  if bucket.used then
    local wait = (bucket.size - bucket.tokens) / bucket.rate
    redis.call('SET', KEYS[i], now + wait, 'PX', math.ceil(wait * 1000) + 1000)
  end
end
return granted
