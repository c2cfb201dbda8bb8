-- Counts up the counter of a subject. KEYS: counter, index, mark, epochs. ARGV: time, why, the least
-- that it is to be (0: one more), a mark that nobody has used.
local count, is_there = counted_up(call('GET', KEYS[1]), KEYS[3], ARGV[4], ARGV[3])
if is_there then
    return count
end
-- The index lasts as long as the longest session that is in it, and so must the counter. Where the
-- index was lost, the hash of the bucket lasts as long, too.
local ms = SLACK
for _, key in ipairs({ KEYS[1], KEYS[2], EPOCHS }) do
    local left = call('PTTL', key)
    if left == -1 then
        left = LONGEST
    end
    if left > ms then
        ms = left
    end
end
-- Also where it is not there: a write that a full server allows, and after it the other is, too.
call('PEXPIRE', KEYS[1], ms)
call('SET', KEYS[1], eight(count) .. ARGV[1] .. ARGV[2], 'PX', ms)
-- Others may rest on the mark for longer.
local marked = call('PTTL', KEYS[3])
call('SET', KEYS[3], ARGV[4], 'PX', math.max(ms, marked))
return count
