-- What was found: the big tables (PostgreSQL).
--
-- They are not partitioned: a scan's rows lie together in table and index, since ids of scans grow with time, so that
-- removing a scan frees whole pages, which the next one fills. Vacuum must come after each removed scan for that, not
-- after a fifth of all that is kept.

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
);

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
);

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
);

alter table cells set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 100000);
alter table resources set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 100000);
alter table resource_documents set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 100000);
