-- Where something was counted up since the session was last looked at.
local text = call('GET', KEYS[1])
if not text or not is_live(text) then
    return text
end
local h = parse(text)
local ended = over(h)
if ended ~= nil then
    return ended
end
local mark, of_alike = marks(KEYS[1])
if mark and mark .. of_alike ~= h.checked then
    -- Notes that it was looked at. A server that is full refuses, and it is looked at again.
    redis.pcall('SETRANGE', KEYS[1], 126, mark .. of_alike)
end
return text
