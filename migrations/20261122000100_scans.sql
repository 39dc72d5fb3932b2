-- Scans, who there is, and the plan.
--
-- One text for SQLite and Postgres. Ids are text; times are milliseconds since 1970; flags are 0 and 1;
-- json is text. Lists and statuses are the words of the crate `protocol`.

create table scans (
    scan_id text not null primary key,
    state text not null,
    round bigint not null,
    settings text not null,
    catalog text not null,
    version text not null,
    planned bigint not null,
    started_at bigint not null,
    finished_at bigint
);

create index scans_newest on scans (started_at, scan_id);

-- What the catalogs of scans said of their probes.
create table probes (
    catalog text not null,
    probe text not null,
    service text not null,
    title text not null,
    category text not null,
    global bigint not null,
    judgement text not null,
    curated bigint not null,
    decides bigint not null,
    expected_millicalls bigint not null,
    primary key (catalog, probe)
);

create table organizations (
    scan_id text not null,
    organization_id text not null,
    management_account text not null,
    primary key (scan_id, organization_id)
);

-- Roots and organizational units; paths are joined by '/', of names and of ids, from the root down.
create table units (
    scan_id text not null,
    unit_id text not null,
    organization_id text not null,
    parent text,
    name text not null,
    path text not null,
    id_path text not null,
    primary key (scan_id, unit_id)
);

-- The unit that an account is directly in; kept apart, since a tree may come before its accounts.
create table placements (
    scan_id text not null,
    account_id text not null,
    unit_id text not null,
    primary key (scan_id, account_id)
);

-- Things that discovery could not read.
create table missing (
    scan_id text not null,
    what text not null,
    reason text not null,
    failure_kind text not null,
    failure_code text not null,
    failure_message text not null,
    failure_operation text,
    failure_http_status bigint,
    failure_request_id text,
    denied_by text,
    policy_arn text,
    primary key (scan_id, what, reason)
);

-- `preflight_state`: none (nothing to do there), waiting, out, entered, failed.
create table scan_accounts (
    scan_id text not null,
    account_id text not null,
    name text not null,
    email text,
    state text not null,
    joined_at bigint,
    organization_id text,
    management bigint not null,
    unit_id text,
    unit_path text,
    unit_id_path text,
    connection text not null,
    tags text not null,
    planned bigint not null,
    win bigint not null,
    principal text,
    preflight_state text not null,
    preflight_dispatch bigint not null,
    preflight_dispatched_at bigint,
    preflight_attempt bigint not null,
    preflight_due_at bigint not null,
    preflight_failure_kind text,
    preflight_failure_code text,
    preflight_failure_message text,
    preflight_failure_operation text,
    preflight_failure_http_status bigint,
    preflight_failure_request_id text,
    preflight_denied_by text,
    preflight_policy_arn text,
    primary key (scan_id, account_id)
);

create index scan_accounts_due on scan_accounts (scan_id, preflight_state, win, account_id);

-- The probes of a region, with the status that needs no call, where one does. The id is made of the contents.
create table probe_sets (
    set_id text not null,
    probe text not null,
    verdict text,
    primary key (set_id, probe)
);

-- One row for each account and region; its cells are the product with its probe set.
--
-- `state`: blocked (by the account's pre-flight), waiting, out, done. `lane` is the region, empty for global, so that
-- global comes first. `verdict` is the status of all cells without an answer of their own. `answered` counts the
-- row's cells that have one. `only_requeued`: the other cells without an answer have been given up.
create table plan_rows (
    scan_id text not null,
    account_id text not null,
    region text not null,
    probe_set text not null,
    win bigint not null,
    lane text not null,
    state text not null,
    dispatch bigint not null,
    dispatched_at bigint,
    due_at bigint not null,
    answered bigint not null,
    only_requeued bigint not null,
    verdict text,
    verdict_round bigint,
    verdict_at bigint,
    failure_kind text,
    failure_code text,
    failure_message text,
    failure_operation text,
    failure_http_status bigint,
    failure_request_id text,
    denied_by text,
    policy_arn text,
    primary key (scan_id, account_id, region)
);

create index plan_rows_due on plan_rows (scan_id, state, win, lane, account_id, due_at);

-- Tasks that were put off.
create table held_tasks (
    scan_id text not null,
    account_id text not null,
    region text not null,
    probe text not null,
    round bigint not null,
    attempt bigint not null,
    throttled bigint not null,
    due_at bigint not null,
    continuation text,
    failure text,
    primary key (scan_id, account_id, region, probe)
);

-- Cells to be run again, until they are answered in that round or a later one.
create table requeued_cells (
    scan_id text not null,
    account_id text not null,
    region text not null,
    probe text not null,
    round bigint not null,
    primary key (scan_id, account_id, region, probe)
);

-- How many cells have an answer of their own, by status: what the ledger starts from.
create table answer_counts (
    scan_id text not null,
    status text not null,
    cells bigint not null,
    primary key (scan_id, status)
);

-- Whole documents, kept once.
create table documents (
    digest text not null primary key,
    body text not null
);
