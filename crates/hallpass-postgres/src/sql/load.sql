select s.record, s.last_seen, s.confirmed_at, s.epoch, s.ended_at, s.reason, s.digest, s.tenant,
    s.subject, s.sweep_at,
    case when s.epoch < (select n.epoch from {newest} n where n.one = 0)
        then {ending}(s.tenant, s.subject, s.epoch)
    end
from {sessions} s
where s.handle = $1
