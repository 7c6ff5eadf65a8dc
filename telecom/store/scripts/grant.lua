-- Token buckets. Of each is kept only the time at which it will be full again.
-- KEYS: the buckets. ARGV: the time in seconds; for each bucket its tokens a second and its
-- size; then for each demand how many tokens, in how many buckets, and which (from 1).
-- Returns for each demand how many it gets: each of them from all of its buckets.
local now = tonumber(ARGV[1])
local buckets, at = {}, 2
for i, key in ipairs(KEYS) do
  local rate, size = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local full = math.max(tonumber(redis.call('GET', key) or now), now)
  local tokens = rate > 0 and math.max(size - (full - now) * rate, 0) or 0
  buckets[i] = {rate = rate, size = size, tokens = tokens}
  at = at + 2
end

local granted = {}
while at <= #ARGV do
  local tokens, used = tonumber(ARGV[at]), {}
  for i = 1, tonumber(ARGV[at + 1]) do
    used[i] = buckets[tonumber(ARGV[at + 1 + i])]
    tokens = math.min(tokens, math.floor(used[i].tokens + 1e-6)) -- rounding takes no token
  end
  for _, bucket in ipairs(used) do
    bucket.tokens = bucket.tokens - tokens
    bucket.touched = bucket.touched or tokens > 0
  end
  granted[#granted + 1] = tokens
  at = at + 2 + #used
end

for i, key in ipairs(KEYS) do
  local bucket = buckets[i]
  if bucket.touched then
    local wait = (bucket.size - bucket.tokens) / bucket.rate
    redis.call('SET', key, string.format('%.17g', now + wait), 'PX', math.ceil(wait * 1000) + 1000)
  end
end
return granted
