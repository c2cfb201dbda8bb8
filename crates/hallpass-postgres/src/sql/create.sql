insert into {sessions} (
    handle, write_id, revision, binding, digest, created_at, last_seen, confirmed_at, idle,
    absolute_deadline, locks, tenant, subject, sweep_at, record,
    epoch
) values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
    (select n.epoch from {newest} n where n.one = 0)
)
on conflict (handle) do nothing
returning true
