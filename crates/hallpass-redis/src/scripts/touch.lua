-- ARGV: time, digest, binding, when it was used, whether to confirm.
local stored = head(KEYS[1])
if not is_live(stored) then
    return 2
end
local h = parse(stored)
if over(h) ~= nil then
    return 2
end
if h.digest ~= ARGV[2] or h.binding ~= ARGV[3] then
    return 1
end
local seen = number(ARGV[4], 1)
local confirms = ARGV[5] == '1' and h.confirmed == 0
if seen <= h.last_seen and not confirms then
    return 0
end
if seen > h.last_seen then
    h.last_seen = seen
end
if confirms then
    h.confirmed = now + 1
end
-- The first write is one that a full server allows, and after it the other is, too.
call('PEXPIRE', KEYS[1], ttl((deadline(h))))
call('SETRANGE', KEYS[1], 62, eight(h.last_seen) .. eight(h.confirmed))
return 0
