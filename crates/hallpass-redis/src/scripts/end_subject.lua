-- KEYS: index, epochs. ARGV: time, owner, handle to spare, why.
local live, gone = look(KEYS[1], ARGV[2], head)
local answer = {}
for _, h in ipairs(live) do
    if h.handle ~= ARGV[3] then
        local text, keep = tombstone(h, ARGV[4], now, ARGV[1])
        bury(BASE .. 's:' .. h.handle, h, text, keep)
        answer[#answer + 1] = h.handle
        answer[#answer + 1] = text
    end
end
forget(KEYS[1], gone)
return answer
