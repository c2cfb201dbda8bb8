-- Ends a session that the login which froze it has replaced, or sets it free where that did not begin.
-- ARGV: time, write id of the login, whether it began.
local stored = head(KEYS[1])
if not is_live(stored) then
    return false
end
local h = parse(stored)
if over(h) ~= nil then
    return false
end
-- Also where the freeze has lapsed, and somebody has written since: the login stands.
if ARGV[3] == '1' then
    local text, keep = tombstone(h, SUPERSEDED, now, ARGV[1])
    bury(KEYS[1], h, text, keep)
    return text
end
if h.freezer ~= ARGV[2] then
    return false
end
call('PEXPIRE', KEYS[1], ttl((deadline(h))))
call('SETRANGE', KEYS[1], 142, string.rep('\0', 24))
return false
