-- Keeps updates from a session that a login in another bucket is about to replace.
-- ARGV: time, revision, write id of the login, until when.
local stored = head(KEYS[1])
if not is_live(stored) then
    return 1
end
local h = parse(stored)
if over(h) ~= nil or h.revision ~= ARGV[2] or (h.frozen > now and h.freezer ~= ARGV[3]) then
    return 1
end
call('PEXPIRE', KEYS[1], ttl((deadline(h))))
call('SETRANGE', KEYS[1], 142, ARGV[4] .. ARGV[3])
return 0
