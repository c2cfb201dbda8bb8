select s.record, s.last_seen, s.confirmed_at, s.epoch
from {sessions} s
where s.subject = $2 and coalesce(s.tenant, '') = coalesce($1, '') and s.ended_at is null
    and $3 < s.absolute_deadline
    and (s.locks or s.idle is null or $3 - s.last_seen < s.idle)
    and (s.epoch >= (select n.epoch from {newest} n where n.one = 0)
        or {ending}(s.tenant, s.subject, s.epoch) is null)
