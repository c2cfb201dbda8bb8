-- KEYS: index, epochs. ARGV: time, owner.
local live, gone = look(KEYS[1], ARGV[2], function(key)
    return call('GET', key)
end)
forget(KEYS[1], gone)
local answer = {}
for i, h in ipairs(live) do
    answer[i] = h.text
end
return answer
