-- Whether a name is taken: 2 where it is by the same write, 1 where by anything else.
local stored = head(KEYS[1])
if stored == '' then
    return 0
end
if is_live(stored) then
    local h = parse(stored)
    if h.write_id == ARGV[2] and over(h) == nil then
        return 2
    end
end
return 1
