with due as materialized (
    select s.handle, s.ended_at is null as live,
        case
            when s.locks or s.idle is null then s.absolute_deadline
            else least(s.absolute_deadline,
                s.last_seen + least(s.idle, 9223372036854775807 - s.last_seen))
        end as deadline
    from {sessions} s
    where s.sweep_at <= $2
    order by s.sweep_at limit $1
    for update skip locked
), moved as (
    -- A touch since the last look has moved the deadline, and not this.
    update {sessions} s set sweep_at = due.deadline
    from due
    where s.handle = due.handle and due.live and due.deadline > $2
), removed as (
    delete from {sessions} s using due
    where s.handle = due.handle and not (due.live and due.deadline > $2)
    returning true
), idle as materialized (
    select j.tenant, j.subject from {subjects} j
    where j.keep_until <= $2
    order by j.keep_until limit $1
    for update skip locked
), unlocked as (
    delete from {subjects} j using idle
    where j.subject = idle.subject and j.tenant = idle.tenant
)
select (select count(*) from removed),
    (select count(*) from due) >= $1 or (select count(*) from idle) >= $1
