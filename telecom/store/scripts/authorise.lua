-- The GT gate: uses up the record that each MT dialogue names, and judges the dialogue by it.
-- KEYS: events, evidence, then the record of each dialogue.
-- Takes T1 in seconds, how long in ms a used-up record is remembered, and for each dialogue
-- {the name of this very call, its FsmRequest, billable events}.
-- Returns a verdict each. The rule is telecom/router/gt_rule.py's; a test holds them together.
local events, evidence = KEYS[1], KEYS[2]
local t1, memory, dialogues = unpack(cmsgpack.unpack(ARGV[1]))

local function fsm_of(blob)
  local _, msisdn, imsi, node, sccp_gt, map_gt, _, _, at = unpack(cmsgpack.unpack(blob))
  return {msisdn = msisdn, imsi = imsi, node = node, sccp_gt = sccp_gt, map_gt = map_gt, at = at}
end

local function judge(sri, answer, fsm)
  if sri.msisdn ~= fsm.msisdn or answer.imsi ~= fsm.imsi or answer.node ~= fsm.node then
    return 'unsolicited'
  elseif fsm.at - sri.at >= t1 then
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

local function put_in_evidence(verdict, request, sri, answer)
  local entry = {'verdict', verdict, 'fsm', request}
  for name, side in pairs({sri = sri, answer = answer}) do
    entry[#entry + 1] = name
    entry[#entry + 1] = side
  end
  redis.call('XADD', evidence, '*', unpack(entry))
end

local function authorise(key, call, request, billable)
  local record = record_of(key)
  if record[1] == 'used' and record[2] == call then
    return record[3] -- the same call again: its reply was lost
  end
  local sri, answer = sides_of(record)
  local verdict = judge(sri and sri_of(sri) or NONE, answer and answer_of(answer) or NONE,
    fsm_of(request))
  if sri then
    -- what is left keeps a late or repeated SriSent from bringing the record back to life
    redis.call('SET', key, cmsgpack.pack({'used', call, verdict}), 'PX', memory)
  end
  if verdict == 'match' then
    for _, event in ipairs(billable) do redis.call('XADD', events, '*', 'event', event) end
  end
  put_in_evidence(verdict, request, sri, answer)
  return verdict
end

local verdicts = {}
for i, dialogue in ipairs(dialogues) do verdicts[i] = authorise(KEYS[2 + i], unpack(dialogue)) end
return verdicts
