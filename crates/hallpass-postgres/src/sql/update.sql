with known as materialized (
    select s.ended_at is null and s.write_id = $2 as repeated, s.revision = $13 as expected,
        s.ended_at is null and $14 < s.absolute_deadline
        and (s.locks or s.idle is null or $14 - s.last_seen < s.idle)
        and (s.epoch >= (select n.epoch from {newest} n where n.one = 0)
            or {ending}(s.tenant, s.subject, s.epoch) is null)
        as live
    from {sessions} s
    where s.handle = $1
), written as (
    update {sessions} s set
        write_id = $2,
        revision = $3,
        binding = $4,
        digest = $5,
        last_seen = greatest(s.last_seen, $7),
        confirmed_at = coalesce($8, case when s.digest = $5 then s.confirmed_at end),
        idle = $9,
        absolute_deadline = $10,
        locks = $11,
        sweep_at = least(s.sweep_at, $12),
        record = $6
    from known
    where s.handle = $1 and known.live and known.expected and not known.repeated
        and s.revision = $13 and s.ended_at is null and $14 < s.absolute_deadline
        and (s.locks or s.idle is null or $14 - s.last_seen < s.idle)
    returning true
)
select exists (select from written), known.live, known.repeated, known.expected from known
