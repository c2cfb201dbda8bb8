with known as materialized (
    select s.ended_at is null and s.digest = $2 and s.binding = $3 as fits,
        $4 > s.last_seen or ($5 and s.confirmed_at is null) as moves,
        s.ended_at is null and $6 < s.absolute_deadline
        and (s.locks or s.idle is null or $6 - s.last_seen < s.idle)
        and (s.epoch >= (select n.epoch from {newest} n where n.one = 0)
            or {ending}(s.tenant, s.subject, s.epoch) is null)
        as live
    from {sessions} s
    where s.handle = $1
), written as (
    update {sessions} s set
        last_seen = greatest(s.last_seen, $4),
        confirmed_at = case when $5 then coalesce(s.confirmed_at, $6) else s.confirmed_at end
    from known
    where s.handle = $1 and known.live and known.fits and known.moves
        and s.digest = $2 and s.binding = $3 and s.ended_at is null and $6 < s.absolute_deadline
        and (s.locks or s.idle is null or $6 - s.last_seen < s.idle)
    returning true
)
select exists (select from written), known.live, known.fits, known.moves from known
