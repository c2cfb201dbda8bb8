with next as (
    insert into {newest} as known (one, epoch) values (0, 1)
    on conflict (one) do update set epoch = known.epoch + 1
    returning epoch
)
insert into {epochs} (epoch, at, kind, tenant, subject, reason)
select next.epoch, $5, $1, $2, $3, $4 from next
on conflict (subject, tenant, kind) do update set
    epoch = excluded.epoch,
    at = excluded.at,
    reason = excluded.reason
