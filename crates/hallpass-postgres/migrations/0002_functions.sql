-- A function keeps its meaning for ever: another meaning is another name with a higher number, so that
-- several versions of the library work side by side.
--
-- Order of locks, the same in all of them: the row of the subject, then sessions by handle. Everything
-- else that writes takes one row, or skips what others hold.

-- Returns what ended a session that began with this number: the first advance of a scope that holds
-- it, as eight bytes of its time and the bytes of its reason. Stable: it sees what the statement sees
-- that asks.
create function {ending}(p_tenant text, p_subject text, p_epoch bigint) returns bytea
language plpgsql stable set search_path = pg_catalog, pg_temp as $hallpass$
begin
    return (
        select int8send(a.at) || a.reason
        from (
            select e.epoch, e.at, e.reason from {epochs} e
            where e.subject = '' and e.tenant = '' and e.kind = 0 and e.epoch > p_epoch
            union all
            select e.epoch, e.at, e.reason from {epochs} e
            where e.subject = '' and e.tenant = p_tenant and e.kind = 1 and e.epoch > p_epoch
            union all
            select e.epoch, e.at, e.reason from {epochs} e
            where e.subject = p_subject and e.tenant = coalesce(p_tenant, '') and e.kind = 2
                and e.epoch > p_epoch
        ) a
        order by a.epoch limit 1
    );
end
$hallpass$;

-- Returns what stays of a session that has ended, in one value. A function, because a live session
-- then costs a load one comparison: what a statement spells out is made ready each time it runs.
create function {tombstone}(
    p_reason bytea,
    p_digest bytea,
    p_tenant text,
    p_subject text,
    p_ended_at bigint,
    p_keep_until bigint
) returns bytea[] language plpgsql stable set search_path = pg_catalog, pg_temp as $hallpass$
begin
    return array[
        p_reason, p_digest, convert_to(p_tenant, 'UTF8'), convert_to(p_subject, 'UTF8'),
        int8send(p_ended_at), int8send(p_keep_until)
    ];
end
$hallpass$;

-- Begins the session of a subject, in place of another one and within a limit.
--
-- The lock comes first. Each statement after it sees what the login before has done: in READ COMMITTED
-- because each has a snapshot of its own; with a snapshot of the whole transaction the lock itself
-- fails with 40001 where somebody else held it since, and the caller begins again.
--
-- The newest advance is read once, before any session is judged. So a session that takes the place of
-- one that an advance ends meanwhile has the older number and ends with it.
create function {bind}(
    p_handle bytea,
    p_write_id bytea,
    p_revision bigint,
    p_binding bigint,
    p_digest bytea,
    p_created_at bigint,
    p_last_seen bigint,
    p_confirmed_at bigint,
    p_idle bigint,
    p_absolute_deadline bigint,
    p_locks boolean,
    p_tenant text,
    p_subject text,
    p_sweep_at bigint,
    p_record bytea,
    p_replaces bytea,
    p_replaces_revision bigint,
    p_superseded bytea,
    p_max bigint,
    p_at_limit text,
    p_evicted bytea,
    p_now bigint
) returns table (
    o_answer text,
    o_handle bytea,
    o_digest bytea,
    o_keep_until bigint,
    o_record bytea,
    o_last_seen bigint,
    o_confirmed_at bigint,
    o_epoch bigint
) language plpgsql volatile set search_path = pg_catalog, pg_temp as $hallpass$
declare
    v_tenant text not null := coalesce(p_tenant, '');
    v_newest bigint;
    v_repeated boolean;
    v_surplus bigint not null := 0;
begin
    if p_max is not null or p_replaces is not null then
        insert into {subjects} as held (logins, keep_until, tenant, subject)
        values (1, p_absolute_deadline, v_tenant, p_subject)
        on conflict (subject, tenant) do update set
            logins = held.logins + 1,
            keep_until = greatest(held.keep_until, excluded.keep_until);
    end if;

    select n.epoch into strict v_newest from {newest} n where n.one = 0;

    select s.ended_at is null and s.write_id = p_write_id
        and p_now < s.absolute_deadline
        and (s.locks or s.idle is null or p_now - s.last_seen < s.idle)
        and (s.epoch >= v_newest or {ending}(s.tenant, s.subject, s.epoch) is null)
    into v_repeated
    from {sessions} s where s.handle = p_handle;
    if found then
        o_answer := case when v_repeated then 'bound' else 'occupied' end;
        return next;
        return;
    end if;

    if p_max is not null and p_at_limit = 'reject' then
        -- One statement counts and tells: what is told is what was counted.
        return query
            with live as materialized (
                select s.handle, s.digest, s.sweep_at, s.record, s.last_seen, s.confirmed_at, s.epoch
                from {sessions} s
                where s.subject = p_subject and coalesce(s.tenant, '') = v_tenant
                    and s.ended_at is null
                    and p_now < s.absolute_deadline
                    and (s.locks or s.idle is null or p_now - s.last_seen < s.idle)
                    and (s.epoch >= v_newest or {ending}(s.tenant, s.subject, s.epoch) is null)
                    and s.handle is distinct from p_replaces
            )
            select 'denied', l.handle, l.digest, l.sweep_at, l.record, l.last_seen,
                l.confirmed_at, l.epoch
            from live l
            where (select count(*) from live) >= p_max;
        if found then
            return;
        end if;
    elsif p_max is not null then
        select count(*) + 1 - p_max into v_surplus
        from {sessions} s
        where s.subject = p_subject and coalesce(s.tenant, '') = v_tenant and s.ended_at is null
            and p_now < s.absolute_deadline
            and (s.locks or s.idle is null or p_now - s.last_seen < s.idle)
            and (s.epoch >= v_newest or {ending}(s.tenant, s.subject, s.epoch) is null)
            and s.handle is distinct from p_replaces;
    end if;

    -- All that may end is locked in one order, and judged once more by the statements after this one.
    if v_surplus > 0 then
        perform from {sessions} s
        where s.handle = any (array(
            select p_replaces
            union all
            select t.handle from {sessions} t
            where t.subject = p_subject and coalesce(t.tenant, '') = v_tenant
                and t.ended_at is null
        ))
        order by s.handle for update;
    elsif p_replaces is not null then
        perform from {sessions} s where s.handle = p_replaces for update;
    end if;

    if p_replaces is not null then
        update {sessions} s set
            ended_at = p_now,
            reason = p_superseded,
            record = null,
            sweep_at = greatest(p_now, case
                when s.subject is not null or s.idle is null then s.absolute_deadline
                else least(s.absolute_deadline, p_now + least(s.idle, 9223372036854775807 - p_now))
            end)
        where s.handle = p_replaces and s.revision = p_replaces_revision and s.ended_at is null
            and p_now < s.absolute_deadline
            and (s.locks or s.idle is null or p_now - s.last_seen < s.idle)
            and (s.epoch >= v_newest or {ending}(s.tenant, s.subject, s.epoch) is null);
        if not found then
            o_answer := 'conflict';
            return next;
            return;
        end if;
    end if;

    o_answer := 'bound';
    return next;

    if v_surplus > 0 then
        return query
            with live as (
                select s.handle,
                    row_number() over (order by
                        case p_at_limit when 'oldest' then s.created_at else s.last_seen end,
                        s.handle
                    ) as place,
                    count(*) over () + 1 - p_max as surplus
                from {sessions} s
                where s.subject = p_subject and coalesce(s.tenant, '') = v_tenant
                    and s.ended_at is null
                    and p_now < s.absolute_deadline
                    and (s.locks or s.idle is null or p_now - s.last_seen < s.idle)
                    and (s.epoch >= v_newest or {ending}(s.tenant, s.subject, s.epoch) is null)
            )
            update {sessions} s set
                ended_at = p_now,
                reason = p_evicted,
                record = null,
                sweep_at = greatest(p_now, s.absolute_deadline)
            from live
            where s.handle = live.handle and live.place <= live.surplus and s.ended_at is null
            returning 'evicted', s.handle, s.digest, s.sweep_at, null::bytea, null::bigint,
                null::bigint, null::bigint;
    end if;

    insert into {sessions} (
        last_seen, confirmed_at, revision, created_at, absolute_deadline, idle, sweep_at,
        epoch, binding, locks, handle, write_id, digest, tenant, subject, record
    ) values (
        p_last_seen, p_confirmed_at, p_revision, p_created_at, p_absolute_deadline, p_idle,
        p_sweep_at, v_newest, p_binding, p_locks, p_handle, p_write_id, p_digest, p_tenant,
        p_subject, p_record
    ) on conflict (handle) do nothing;
    if not found then
        -- Somebody ended this handle since it was found free. Nobody ends for a login that does not
        -- begin: all is undone, and the caller finds the tombstone.
        raise exception using errcode = '40001', message = 'hallpass: the handle was taken meanwhile';
    end if;
end
$hallpass$;

-- Ends a session, and leaves a tombstone whatever was there.
create function {end}(
    p_handle bytea,
    p_reason bytea,
    p_at bigint,
    p_keep_until bigint,
    p_idle_reason bytea,
    p_absolute_reason bytea,
    p_now bigint
) returns table (
    o_answer text,
    o_digest bytea,
    o_tenant text,
    o_subject text,
    o_reason bytea,
    o_ended_at bigint,
    o_keep_until bigint
) language plpgsql volatile set search_path = pg_catalog, pg_temp as $hallpass$
declare
    v record;
    v_idle_deadline bigint;
    v_advance bytea;
    v_advance_at bigint;
begin
    loop
        select s.digest, s.tenant, s.subject, s.reason, s.ended_at, s.sweep_at, s.last_seen, s.idle,
            s.locks, s.absolute_deadline, s.epoch
        into v from {sessions} s where s.handle = p_handle for update;
        exit when found;
        insert into {sessions} (
            last_seen, revision, created_at, absolute_deadline, ended_at, sweep_at,
            epoch, binding, locks, handle, reason
        ) values (
            0, 0, 0, 0, p_at, p_keep_until, 0, 0, false, p_handle, p_reason
        ) on conflict (handle) do nothing;
        if found then
            o_answer := 'missing';
            return next;
            return;
        end if;
    end loop;

    o_digest := v.digest;
    o_tenant := v.tenant;
    o_subject := v.subject;
    if v.ended_at is not null then
        o_answer := 'already';
        o_reason := v.reason;
        o_ended_at := v.ended_at;
        o_keep_until := v.sweep_at;
        return next;
        return;
    end if;

    v_advance := {ending}(v.tenant, v.subject, v.epoch);
    -- The first eight bytes are a time, which is not negative.
    v_advance_at := ('x' || encode(substr(v_advance, 1, 8), 'hex'))::bit(64)::bigint;

    v_idle_deadline := case
        when v.idle is null or v.locks then 9223372036854775807
        else v.last_seen + least(v.idle, 9223372036854775807 - v.last_seen)
    end;
    if coalesce(v_advance_at, p_now) >= least(v_idle_deadline, v.absolute_deadline) then
        o_answer := 'already';
        o_ended_at := least(v_idle_deadline, v.absolute_deadline);
        o_reason := case
            when not v.locks and v.idle is not null and v_idle_deadline <= v.absolute_deadline
                then p_idle_reason
            else p_absolute_reason
        end;
    elsif v_advance_at is not null then
        o_answer := 'already';
        o_ended_at := v_advance_at;
        o_reason := substr(v_advance, 9);
    else
        o_answer := 'ended';
        o_ended_at := p_at;
        o_reason := p_reason;
    end if;
    o_keep_until := greatest(o_ended_at, case
        when v.subject is not null or v.idle is null then v.absolute_deadline
        else least(v.absolute_deadline,
            o_ended_at + least(v.idle, 9223372036854775807 - o_ended_at))
    end);
    update {sessions} s set
        ended_at = o_ended_at,
        reason = o_reason,
        record = null,
        sweep_at = o_keep_until
    where s.handle = p_handle;
    return next;
end
$hallpass$;

-- Ends the live sessions of a subject. Its lock keeps logins from beginning among those that end.
create function {end_subject}(
    p_tenant text,
    p_subject text,
    p_except bytea,
    p_reason bytea,
    p_now bigint
) returns table (
    o_handle bytea,
    o_digest bytea,
    o_keep_until bigint
) language plpgsql volatile set search_path = pg_catalog, pg_temp as $hallpass$
declare
    v_tenant text not null := coalesce(p_tenant, '');
    v_newest bigint;
begin
    insert into {subjects} as held (logins, keep_until, tenant, subject)
    values (1, p_now, v_tenant, p_subject)
    on conflict (subject, tenant) do update set logins = held.logins + 1;

    select n.epoch into strict v_newest from {newest} n where n.one = 0;

    perform from {sessions} s
    where s.subject = p_subject and coalesce(s.tenant, '') = v_tenant and s.ended_at is null
        and s.handle is distinct from p_except
    order by s.handle for update;

    return query
        update {sessions} s set
            ended_at = p_now,
            reason = p_reason,
            record = null,
            sweep_at = greatest(p_now, s.absolute_deadline)
        where s.subject = p_subject and coalesce(s.tenant, '') = v_tenant and s.ended_at is null
            and s.handle is distinct from p_except
            and p_now < s.absolute_deadline
            and (s.locks or s.idle is null or p_now - s.last_seen < s.idle)
            and (s.epoch >= v_newest or {ending}(s.tenant, s.subject, s.epoch) is null)
        returning s.handle, s.digest, s.sweep_at;
end
$hallpass$;
