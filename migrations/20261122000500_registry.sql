-- What an installation keeps beside its scans.

-- What only one may do at a time. `coordinator`: who leads until when, with the fencing number of the lead.
-- `documents`: held while those that nothing names are removed; nobody owns it.
create table leases (
    what text not null primary key,
    holder text not null,
    number bigint not null,
    until_at bigint not null
);

insert into leases (what, holder, number, until_at) values ('coordinator', '', 0, 0), ('documents', '', 0, 0);

-- `told_round`: the last round whose end was told, or given up to be told.
alter table scans add column told_round bigint not null default 0;
create index scans_by_state on scans (state, started_at);

create table paused_accounts (
    workspace text not null,
    account_id text not null,
    primary key (workspace, account_id)
);

-- The share of an api class's buckets that everybody may spend, in per cent.
create table shares (
    class text not null primary key,
    percent bigint not null
);

create table tokens (
    workspace text not null,
    token_id text not null,
    owner text not null,
    scope text not null,
    digest text not null,
    created_at bigint not null,
    expires_at bigint,
    revoked_at bigint,
    primary key (workspace, token_id)
);

create unique index tokens_by_digest on tokens (digest);

create table schedules (
    workspace text not null,
    schedule_id text not null,
    cron text not null,
    settings text not null,
    owner text not null,
    next_at bigint not null,
    primary key (workspace, schedule_id)
);

create index schedules_due on schedules (next_at);

-- Messages that nobody could work on; the digest is made of body and reason.
create table parked (
    digest text not null primary key,
    body text not null,
    reason text not null,
    parked_at bigint not null
);

create index parked_newest on parked (parked_at);

-- Scans that were removed, as long as something of theirs is left.
create table pruned_scans (
    scan_id text not null primary key
);

create index resource_documents_digest on resource_documents (digest);
