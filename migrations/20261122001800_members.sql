-- Members of organizations, kept apart from the accounts of each scan: they outlive the scans.
--
-- One row for each account that was ever listed in a workspace. It holds what was seen, and no state: whether a member
-- is discovered, connecting, connected, excluded or in error follows from it and from what its scan is doing.
-- `listed_scan` is the latest scan that listed it, `listed_at` when that began. `excluded_by` is the rule by which that
-- scan leaves it out. `preflight_scan` made the last try to enter it that came to an end; it may be gone by now. No
-- `failure_kind` and a `preflight_at`: it was entered.
create table members (
    workspace text not null,
    account_id text not null,
    organization_id text,
    name text not null,
    listed_scan text not null,
    listed_at bigint not null,
    excluded_by text,
    preflight_scan text,
    preflight_at bigint,
    principal text,
    failure_kind text,
    failure_code text,
    failure_message text,
    failure_operation text,
    failure_http_status bigint,
    failure_request_id text,
    denied_by text,
    policy_arn text,
    primary key (workspace, account_id)
);

-- The rule by which the scan leaves the account out; null where it does not.
alter table scan_accounts add column excluded_by text;

insert into members (workspace, account_id, organization_id, name, listed_scan, listed_at)
select workspace, account_id, organization_id, name, scan_id, started_at
from (
    select s.workspace, a.account_id, a.organization_id, a.name, a.scan_id, s.started_at,
           row_number() over (
               partition by s.workspace, a.account_id order by s.started_at desc, s.scan_id desc
           ) as place
    from scans s
    join scan_accounts a on a.scan_id = s.scan_id
) listed
where place = 1;

update members
set preflight_scan = tried.scan_id, preflight_at = coalesce(tried.preflight_at, tried.started_at),
    principal = tried.principal, failure_kind = tried.preflight_failure_kind,
    failure_code = tried.preflight_failure_code, failure_message = tried.preflight_failure_message,
    failure_operation = tried.preflight_failure_operation, failure_http_status = tried.preflight_failure_http_status,
    failure_request_id = tried.preflight_failure_request_id, denied_by = tried.preflight_denied_by,
    policy_arn = tried.preflight_policy_arn
from (
    select s.workspace, s.started_at, a.*,
           row_number() over (
               partition by s.workspace, a.account_id order by s.started_at desc, s.scan_id desc
           ) as place
    from scans s
    join scan_accounts a on a.scan_id = s.scan_id
    where a.preflight_state in ('entered', 'failed')
) tried
where tried.place = 1 and members.workspace = tried.workspace and members.account_id = tried.account_id;
