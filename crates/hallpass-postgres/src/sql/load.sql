select s.record, s.last_seen, s.confirmed_at, s.epoch,
    case when s.ended_at is not null
        then {tombstone}(s.reason, s.digest, s.tenant, s.subject, s.ended_at, s.sweep_at)
    end,
    case when s.epoch < (select n.epoch from {newest} n where n.one = 0)
        then {ending}(s.tenant, s.subject, s.epoch)
    end
from {sessions} s
where s.handle = $1
