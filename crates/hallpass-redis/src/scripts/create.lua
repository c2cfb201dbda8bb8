-- ARGV: time, record.
if call('EXISTS', KEYS[1]) == 1 then
    return 1
end
begin(KEYS[1], prepare(KEYS[1], ARGV[2]))
return 0
