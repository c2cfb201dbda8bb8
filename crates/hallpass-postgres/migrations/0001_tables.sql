-- Sessions, one row each: a record while it lives, a tombstone once `ended_at` is set.
--
-- All times are milliseconds since 1970-01-01T00:00:00Z, so that no time zone has a say. The columns
-- that a touch writes come first: what changes in the log of the server is then a few bytes.
-- A touch writes no indexed column, and room is left on each page, so that it makes no new entry in
-- any index (HOT).
create table {sessions} (
    last_seen bigint not null,
    confirmed_at bigint,
    revision bigint not null,
    created_at bigint not null,
    absolute_deadline bigint not null,
    idle bigint,
    ended_at bigint,
    -- When a sweep looks at the row: never after the deadline of a record. The end of a tombstone.
    sweep_at bigint not null,
    -- The number of the newest advance when the session began.
    epoch bigint not null,
    binding bigint not null,
    locks boolean not null,
    handle bytea not null primary key,
    write_id bytea,
    digest bytea,
    tenant text collate "C",
    subject text collate "C",
    reason bytea,
    record bytea,
    check ((ended_at is null) = (record is not null)),
    check ((ended_at is null) = (reason is null))
) with (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.1,
    toast.autovacuum_vacuum_scale_factor = 0.05
);

-- No column here is one that a touch or an update writes.
create index {sessions_of_subject} on {sessions} (subject, coalesce(tenant, ''))
    where ended_at is null and subject is not null;

create index {sessions_by_sweep} on {sessions} (sweep_at);

-- Locks: logins of one subject happen one after the other, because each of them writes the row of
-- the subject first. A row may go as soon as none of the sessions can be live any more.
create table {subjects} (
    logins bigint not null,
    keep_until bigint not null,
    tenant text collate "C" not null,
    subject text collate "C" not null,
    primary key (subject, tenant)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

create index {subjects_by_end} on {subjects} (keep_until);

-- The number of the newest advance of any scope. Advances happen one after the other, because each of
-- them writes this row first; so whoever sees a number sees all advances up to it, and a session that
-- began with the newest number needs no look at the table below.
create table {newest} (
    one smallint primary key check (one = 0),
    epoch bigint not null
) with (fillfactor = 10);

insert into {newest} (one, epoch) values (0, 0);

-- The newest advance of each scope: everybody (0), a tenant (1), a subject (2). It ends the sessions of
-- the scope whose number is smaller. A text that does not apply is empty; no tenant and no subject has
-- an empty name.
create table {epochs} (
    epoch bigint not null,
    at bigint not null,
    kind smallint not null,
    tenant text collate "C" not null,
    subject text collate "C" not null,
    reason bytea not null,
    primary key (subject, tenant, kind)
) with (fillfactor = 80);
