-- What an organization holds beside its accounts and units, as of each scan, and how completely it was read.

alter table organizations add column arn text;
alter table organizations add column feature_set text;
alter table organizations add column management_arn text;
alter table organizations add column management_email text;
alter table units add column arn text;
alter table scan_accounts add column arn text;
alter table scan_accounts add column joined_method text;

-- Which parts were read, through which connection. `organization_id` is empty where the connection leads to none that
-- is known. `lacks` says what could not be read, and the failure why the first of it could not.
create table readings (
    scan_id text not null,
    organization_id text not null,
    part text not null,
    connection text not null,
    completeness text not null,
    lacks text,
    read_at bigint not null,
    failure_kind text,
    failure_code text,
    failure_message text,
    failure_operation text,
    failure_http_status bigint,
    failure_request_id text,
    denied_by text,
    policy_arn text,
    primary key (scan_id, organization_id, part, connection)
);

create table policy_types (
    scan_id text not null,
    organization_id text not null,
    root_id text not null,
    kind text not null,
    status text not null,
    primary key (scan_id, organization_id, root_id, kind)
);

-- `digest` names the content among the documents; null where it could not be read. `targets_known` is 0 where it could
-- not be read what the policy is attached to.
create table policies (
    scan_id text not null,
    organization_id text not null,
    policy_id text not null,
    arn text,
    kind text not null,
    name text not null,
    description text,
    provided bigint not null,
    digest text,
    targets_known bigint not null,
    primary key (scan_id, organization_id, policy_id)
);

create index policies_digest on policies (digest);

-- `target_id` is a root's, a unit's or an account's.
create table policy_targets (
    scan_id text not null,
    organization_id text not null,
    policy_id text not null,
    target_id text not null,
    kind text not null,
    name text not null,
    primary key (scan_id, organization_id, policy_id, target_id)
);

create index policy_targets_target on policy_targets (scan_id, organization_id, target_id);

-- `service` is empty where it could not be read which services the account administers.
create table delegated_administrators (
    scan_id text not null,
    organization_id text not null,
    account_id text not null,
    service text not null,
    since_at bigint,
    primary key (scan_id, organization_id, account_id, service)
);

create table trusted_services (
    scan_id text not null,
    organization_id text not null,
    service text not null,
    since_at bigint,
    primary key (scan_id, organization_id, service)
);
