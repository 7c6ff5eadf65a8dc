-- Included by the scripts that look for the messages for a number.
-- A member is 'number:message id', and ';' is what comes after ':'.
local function members_of(set, number, ...)
  return redis.call('ZRANGEBYLEX', set, '[' .. number .. ':', '(' .. number .. ';', ...)
end
