-- Counts up a counter of the bucket. ARGV: time, field, why, the least that it is to be (0: one more),
-- a mark that nobody has used.
local ms = call('PTTL', EPOCHS)
if ms == -2 then
    -- No session began here, or all have been over for long, or the counters were lost: without the
    -- mark a load finds that out.
    call('DEL', BASE .. 'g')
    return 0
end
local count, is_there = counted_up(call('HGET', EPOCHS, ARGV[2]), BASE .. 'g', ARGV[5], ARGV[4])
if is_there then
    return count
end
if ms == -1 then
    ms = LONGEST
end
if ms < SLACK then
    ms = SLACK
end
-- The first write is one that a full server allows, and after it the others are, too.
call('PEXPIRE', EPOCHS, ms)
call('HSET', EPOCHS, ARGV[2], eight(count) .. ARGV[1] .. ARGV[3])
call('SET', BASE .. 'g', ARGV[5], 'PX', ms)
return count
