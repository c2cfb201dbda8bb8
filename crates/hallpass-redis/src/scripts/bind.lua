-- KEYS: record, index, perhaps the session to replace, epochs. ARGV: time, record, limit (0 for none),
-- what to do at it, revision of the session to replace.
local index = KEYS[2]
local replaced = KEYS[4] and KEYS[3]
local new = prepare(KEYS[1], ARGV[2])

local stored = head(KEYS[1])
if stored ~= '' then
    if is_live(stored) then
        local ghost = parse(stored)
        if ghost.write_id == new.write_id and over(ghost) == nil then
            return { 0 }
        end
    end
    return { 3 }
end

local limit = tonumber(ARGV[3])
local ending, gone = {}, {}
if limit > 0 then
    local live
    live, gone = look(index, new.owner, ARGV[4] == 'reject' and function(key)
        return call('GET', key)
    end or head)
    local active = {}
    for _, h in ipairs(live) do
        if not replaced or h.handle ~= sub(replaced, -22) then
            active[#active + 1] = h
        end
    end
    local surplus = #active + 1 - limit
    if surplus > 0 then
        if ARGV[4] == 'reject' then
            local answer = { 2 }
            for _, h in ipairs(active) do
                answer[#answer + 1] = h.text
            end
            return answer
        end
        local by = ARGV[4] == 'oldest' and 'created' or 'last_seen'
        table.sort(active, function(one, other)
            return one[by] < other[by]
        end)
        for i = 1, surplus do
            ending[i] = active[i]
        end
    end
else
    -- Without a limit nobody needs to look at all of them. A few are looked at, so that entries which
    -- lead nowhere do not add up.
    for _, handle in ipairs(call('SRANDMEMBER', index, 4)) do
        if not is_live(call('GETRANGE', BASE .. 's:' .. handle, 0, 0)) then
            gone[#gone + 1] = handle
        end
    end
end

local old
if replaced then
    local text = head(replaced)
    old = is_live(text) and parse(text)
    if not old or over(old) ~= nil or old.revision ~= ARGV[5]
        or (old.frozen > now and old.freezer ~= new.write_id) then
        return { 1 }
    end
end

local answer = { 0 }
if old then
    local text, keep = tombstone(old, SUPERSEDED, now, ARGV[1])
    bury(replaced, old, text, keep)
end
for _, h in ipairs(ending) do
    local text, keep = tombstone(h, EVICTED, now, ARGV[1])
    bury(BASE .. 's:' .. h.handle, h, text, keep)
    answer[#answer + 1] = h.handle
    answer[#answer + 1] = text
end
begin(KEYS[1], new)
forget(index, gone)
return answer
