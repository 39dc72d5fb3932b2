-- What was found: the big tables, each kept in the order of its key (SQLite).

create table cells (
    scan_id text not null,
    account_id text not null,
    region text not null,
    probe text not null,
    round bigint not null,
    status text not null,
    evidence text not null,
    resource_count bigint not null,
    count_is text not null,
    sample text not null,
    failure_kind text,
    failure_code text,
    failure_message text,
    failure_operation text,
    failure_http_status bigint,
    failure_request_id text,
    denied_by text,
    policy_arn text,
    attempts bigint not null,
    calls bigint not null,
    retries bigint not null,
    throttles bigint not null,
    duration_ms bigint not null,
    observed_at bigint not null,
    primary key (scan_id, account_id, region, probe)
) without rowid;

create table resources (
    scan_id text not null,
    account_id text not null,
    region text not null,
    probe text not null,
    kind text not null,
    resource_id text not null,
    parent text,
    home_region text,
    own bigint not null,
    attributes text not null,
    round bigint not null,
    primary key (scan_id, account_id, region, probe, kind, resource_id)
) without rowid;

create table resource_documents (
    scan_id text not null,
    account_id text not null,
    region text not null,
    probe text not null,
    kind text not null,
    resource_id text not null,
    name text not null,
    digest text not null,
    round bigint not null,
    primary key (scan_id, account_id, region, probe, kind, resource_id, name)
) without rowid;
