-- ARGV: time, when it ends, why, what stays where nothing is known, until when that is kept.
local stored = call('GET', KEYS[1])
if not stored then
    call('SET', KEYS[1], ARGV[4], 'PX', ttl(number(ARGV[5], 1)))
    return { 2 }
end
if not is_live(stored) then
    return { 1, stored }
end
local h = parse(stored)
local text, keep = over(h)
if text == false then
    text, keep = ARGV[4], number(ARGV[5], 1)
    bury(KEYS[1], h, text, keep)
    return { 2 }
end
if text then
    bury(KEYS[1], h, text, keep)
    return { 1, text }
end
text, keep = tombstone(h, ARGV[3], number(ARGV[2], 1), ARGV[2])
bury(KEYS[1], h, text, keep)
return { 0, text }
