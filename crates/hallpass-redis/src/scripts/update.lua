-- ARGV: time, record, expected revision.
local stored = head(KEYS[1])
if not is_live(stored) then
    return 2
end
local old = parse(stored)
if over(old) ~= nil then
    return 2
end
local text = ARGV[2]
local new = parse(text)
if old.write_id == new.write_id then
    return 0
end
if old.revision ~= ARGV[3] then
    return 1
end
if old.frozen > now then
    return 3
end
if old.last_seen > new.last_seen then
    new.last_seen = old.last_seen
end
if new.confirmed == 0 and old.digest == new.digest then
    new.confirmed = old.confirmed
end
text = sub(text, 1, 62) .. eight(new.last_seen) .. eight(new.confirmed)
    .. sub(text, 79, 102) .. sub(stored, 103, 142) .. sub(text, 143)
call('SET', KEYS[1], text, 'PX', ttl((deadline(new))))
if new.absolute > old.absolute then
    local held = ttl(new.absolute) + HELD
    hold(EPOCHS, held)
    hold(BASE .. 'g', held)
    if new.owner ~= '' then
        hold(BASE .. 'i:' .. new.subject, held)
        hold(BASE .. 'e:' .. new.subject, held)
    end
end
return 0
