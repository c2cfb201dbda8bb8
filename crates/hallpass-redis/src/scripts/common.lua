-- What all scripts share. `IDLE`, `ABSOLUTE`, `EVICTED` and `SUPERSEDED`, the bytes of reasons, are
-- put in front. ARGV[1] is the time; the last of KEYS is the hash of epochs of the bucket, next to
-- which everything else of the bucket is found. Positions are those of `layout.rs`, from 1.

local call = redis.call
local sub = string.sub
local EPOCHS = KEYS[#KEYS]
local BASE = sub(EPOCHS, 1, -2)

-- Milliseconds: how long a key outlives its time, what other keys rest on outlives them, and the
-- longest of all, some thirty years, beyond which servers refuse.
local SLACK = 300000
local HELD = 3600000
local LONGEST = 1000000000000

-- The greatest whole number of which a double knows all before it, too.
local EXACT = 9007199254740991

-- The length of a counter that was never counted up, which has no reason.
local BEGUN = 16

-- The mark of subjects of whom none was ever counted up.
local NONE = string.rep('\0', 8)

local function number(text, at)
    return (struct.unpack('>I8', text, at))
end

local function eight(n)
    if n > EXACT then
        n = EXACT
    end
    return struct.pack('>I8', n)
end

local now = number(ARGV[1], 1)

-- How long a key is kept that is needed until then. Never nothing, and never for ever.
local function ttl(time)
    local ms = time - now
    if ms < 0 then
        ms = 0
    end
    ms = ms + SLACK
    if ms > LONGEST then
        ms = LONGEST
    end
    return ms
end

-- Makes a key that is there last at least as long.
local function hold(key, ms)
    if call('PTTL', key) < ms then
        call('PEXPIRE', key, ms)
    end
end

local function is_live(text)
    return sub(text, 1, 1) == 'L'
end

-- The head of a record, without its data.
local function head(key)
    return call('GETRANGE', key, 0, 726)
end

local function parse(text)
    local h, fits = { text = text }, nil
    fits, h.revision, h.write_id, h.binding, h.digest, h.last_seen, h.confirmed, h.idle, h.absolute, h.created,
        h.everybody, h.of_tenant, h.of_subject, h.checked, h.frozen, h.freezer, h.tenant, h.subject, h.owner =
        pcall(struct.unpack, '>c8c16c4c32I8I8I8I8I8I8I8I8c16I8c16Bc0Bc0Hc0', text, 3)
    if not fits then
        error({ err = 'CORRUPT a record can not be read' })
    end
    h.locks = sub(text, 2, 2) == '\1'
    return h
end

-- When the session ends by itself, the bytes of that, and why. Idle timeouts are kept plus one.
local function deadline(h)
    if h.idle > 0 and not h.locks then
        local idle = h.last_seen + h.idle - 1
        if idle <= h.absolute then
            return idle, eight(idle), IDLE
        end
    end
    return h.absolute, sub(h.text, 87, 94), ABSOLUTE
end

-- What stays of a session that ended then, and until when.
local function tombstone(h, reason, at, at8)
    local keep, keep8 = h.absolute, sub(h.text, 87, 94)
    if h.owner == '' and h.idle > 0 and at + h.idle - 1 < keep then
        keep = at + h.idle - 1
        keep8 = eight(keep)
    end
    if keep < at then
        keep, keep8 = at, at8
    end
    return struct.pack('>c1c8c8Bc0Hc0', 'T', at8, keep8, 32, h.digest, #h.owner, h.owner) .. reason, keep
end

-- The counters that a session is subject to: of everybody, of its tenant, of its subject.
local function epochs(h)
    if h.owner == '' then
        return { call('HGET', EPOCHS, '*') }
    end
    local of = call('HMGET', EPOCHS, '*', 't' .. h.tenant)
    of[3] = call('GET', BASE .. 'e:' .. h.subject)
    return of
end

local function counter(value)
    if value then
        return number(value, 1)
    end
    return 0
end

-- Where a counter is to go: up by one, or to `least` where that is not 0. Returns that, and whether it
-- is there already, because nothing was lost, or because the driver has sent the same call twice and
-- its mark is there. (A mark that is no text is no mark, and replaced.)
local function counted_up(stored, marked, mark, least)
    local count = counter(stored)
    if redis.pcall('GET', marked) == mark then
        return count, true
    end
    least = tonumber(least)
    if least == 0 then
        return count + 1, false
    end
    return math.max(count, least), count >= least
end

-- What a record notes that is compared with: while both marks are as they were, no counter has
-- changed since that it may be subject to, and a load needs no script. The first is that of the
-- bucket, the second that of all subjects whose handles begin alike.
local function marks(key)
    local of = call('MGET', BASE .. 'g', BASE .. 'h:' .. sub(key, -22, -21))
    return of[1], of[2] or NONE
end

-- Returns nothing while the session lives. Else what stays of it, and until when; `false` where
-- the counters of its beginning were lost, perhaps begun anew since, so that nobody knows whether it
-- was ended: it counts as lost. The third answer says whether it is over by its own deadline only,
-- which a clock that is behind may see otherwise.
local function over(h)
    local of = epochs(h)
    local stamps = { h.everybody, h.of_tenant, h.of_subject }
    local first, first_at
    for i = 1, 3 do
        local count = counter(of[i])
        if count > stamps[i] then
            if #of[i] == BEGUN then
                return false
            end
            local at = number(of[i], 9)
            if not first or at < first_at then
                first, first_at = of[i], at
            end
        elseif count < stamps[i] then
            return false
        end
    end
    local ends, ends8, why = deadline(h)
    if first and first_at < ends then
        local text, keep = tombstone(h, sub(first, 17), first_at, sub(first, 9, 16))
        return text, keep, false
    end
    if first or now >= ends then
        local text, keep = tombstone(h, why, ends, ends8)
        return text, keep, not first
    end
    return nil
end

-- Puts what stays of a session in its place. The first write is one that a full server allows, and
-- after it everything is.
local function bury(key, h, text, keep)
    local ms = ttl(keep)
    call('PEXPIRE', key, ms)
    call('SET', key, text, 'PX', ms)
    if h.owner ~= '' then
        -- An index that is no index must not keep a session from ending.
        redis.pcall('SREM', BASE .. 'i:' .. h.subject, sub(key, -22))
    end
end

-- Reads all that `begin` needs, so that a fault comes before the first write.
local function prepare(key, text)
    local h = parse(text)
    h.of = epochs(h)
    h.mark, h.of_alike = marks(key)
    if h.owner ~= '' then
        call('SCARD', BASE .. 'i:' .. h.subject)
    end
    return h
end

-- Stores a new record, under the counters of this moment.
local function begin(key, h)
    local of, text = h.of, h.text
    local everybody, mark = counter(of[1]), h.mark
    -- Where nothing was counted, or all of it was lost, it begins somewhere, under a mark that nobody
    -- has used: the digest of a token is as random as that is. So sessions from before a loss never pass for those of now.
    if not of[1] then
        everybody, mark = number('\0\0' .. sub(h.digest, 9, 14), 1) + 1, nil
    end
    local is_marked = mark
    mark = mark or sub(h.digest, 1, 8)
    text = sub(text, 1, 102) .. eight(everybody) .. eight(counter(of[2])) .. eight(counter(of[3]))
        .. mark .. h.of_alike .. sub(text, 143)
    call('SET', key, text, 'PX', ttl((deadline(h))))
    -- There from the first session on, so that their loss is noticed.
    if not of[1] then
        call('HSET', EPOCHS, '*', eight(everybody) .. eight(0))
    end
    if not is_marked then
        call('SET', BASE .. 'g', mark)
    end
    local held = ttl(h.absolute) + HELD
    hold(EPOCHS, held)
    hold(BASE .. 'g', held)
    if h.owner ~= '' then
        local index = BASE .. 'i:' .. h.subject
        call('SADD', index, sub(key, -22))
        hold(index, held)
        if of[3] then
            hold(BASE .. 'e:' .. h.subject, held)
        end
    end
end

-- Looks at the sessions of an index. Returns those of the owner that live, and the entries that lead
-- nowhere for good.
local function look(index, owner, read)
    local live, gone = {}, {}
    for _, handle in ipairs(call('SMEMBERS', index)) do
        local text = read(BASE .. 's:' .. handle)
        local h = text and is_live(text) and parse(text)
        if h and h.owner == owner then
            local ended, _, by_time = over(h)
            if ended == nil then
                h.handle = handle
                live[#live + 1] = h
            elseif not by_time then
                gone[#gone + 1] = handle
            end
        else
            gone[#gone + 1] = handle
        end
    end
    return live, gone
end

local function forget(index, gone)
    for _, handle in ipairs(gone) do
        call('SREM', index, handle)
    end
end
