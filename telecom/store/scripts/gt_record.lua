-- Included by the scripts of the GT gate.
-- A record is {'sent', SriSent}, {'answered', SriSent, SriAnswered}, or once it was used up
-- {'used', the name of the call that did it, verdict}; the structs are those of records.py.
local NONE = {}

local function record_of(key)
  local record = redis.call('GET', key)
  return record and cmsgpack.unpack(record) or NONE
end

local function sri_of(blob)
  local _, msisdn, _, sccp_gt, map_gt, _, _, at = unpack(cmsgpack.unpack(blob))
  return {msisdn = msisdn, sccp_gt = sccp_gt, map_gt = map_gt, at = at}
end

local function answer_of(blob)
  local _, msisdn, imsi, node = unpack(cmsgpack.unpack(blob))
  return {msisdn = msisdn, imsi = imsi, node = node}
end

-- Returns SriSent and SriAnswered of a record that can still be used, each if there is one.
local function sides_of(record)
  local state, sri, answer = unpack(record)
  if state ~= 'used' then return sri, answer end
end
