-- The GT gate: uses up the record that each MT dialogue names, and judges the dialogue by it.
-- KEYS: events stream, evidence stream, then the record of each dialogue.
-- ARGV: T1 in seconds, how long in ms a used-up record is remembered; then for each dialogue
-- msisdn, imsi, node, SCCP calling GT, service centre address, time, the name of this very
-- call, the FsmRequest itself, the number of its billable events, and these.
-- Returns a verdict each. The rule is telecom/router/gt_rule.py's; a test holds them together.
local events, evidence = KEYS[1], KEYS[2]
local t1, memory = tonumber(ARGV[1]), ARGV[2]

local function judge(sri, fsm)
  if sri.msisdn ~= fsm.msisdn or sri.imsi ~= fsm.imsi or sri.node ~= fsm.node then
    return 'unsolicited' -- what is not there is false, and equals nothing
  elseif fsm.at - tonumber(sri.at) >= t1 then
    return 'expired'
  elseif sri.sccp_gt ~= sri.map_gt then
    return 'sri_conflict'
  elseif fsm.sccp_gt == sri.sccp_gt then
    return fsm.map_gt == sri.map_gt and 'match' or 'map_mismatch'
  elseif fsm.map_gt == sri.map_gt or fsm.map_gt == fsm.sccp_gt then
    return 'sccp_mismatch'
  end
  return 'fsm_conflict'
end

local function read(record)
  local fields = {'msisdn', 'imsi', 'node', 'sccp_gt', 'map_gt', 'at', 'sri', 'answer', 'call', 'verdict'}
  local values, sri = redis.call('HMGET', record, unpack(fields)), {}
  for i, field in ipairs(fields) do sri[field] = values[i] end
  return sri
end

-- What is left of it keeps a late or repeated SriSent from bringing it back to life.
local function use_up(record, call, verdict)
  redis.call('DEL', record)
  redis.call('HSET', record, 'call', call, 'verdict', verdict)
  redis.call('PEXPIRE', record, memory)
end

local function put_in_evidence(verdict, sri, fsm)
  local entry = {'verdict', verdict, 'fsm', fsm.request}
  for _, side in ipairs({'sri', 'answer'}) do
    if sri[side] then
      entry[#entry + 1] = side
      entry[#entry + 1] = sri[side]
    end
  end
  redis.call('XADD', evidence, '*', unpack(entry))
end

local function authorise(record, fsm)
  local sri = read(record)
  if sri.call == fsm.call then return sri.verdict end -- the same call, its reply got lost
  local verdict = judge(sri, fsm)
  if sri.msisdn then use_up(record, fsm.call, verdict) end
  if verdict == 'match' then
    for _, event in ipairs(fsm.events) do redis.call('XADD', events, '*', 'event', event) end
  end
  put_in_evidence(verdict, sri, fsm)
  return verdict
end

local verdicts, at = {}, 3
for i = 3, #KEYS do
  local fsm = {
    msisdn = ARGV[at], imsi = ARGV[at + 1], node = ARGV[at + 2], sccp_gt = ARGV[at + 3],
    map_gt = ARGV[at + 4], at = tonumber(ARGV[at + 5]), call = ARGV[at + 6],
    request = ARGV[at + 7], events = {},
  }
  local last = at + 8 + tonumber(ARGV[at + 8])
  for event = at + 9, last do fsm.events[#fsm.events + 1] = ARGV[event] end
  at = last + 1
  verdicts[#verdicts + 1] = authorise(KEYS[i], fsm)
end
return verdicts
