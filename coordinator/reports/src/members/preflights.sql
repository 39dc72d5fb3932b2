select account_id, scan_id, principal, preflight_at, preflight_failure_kind, preflight_failure_code,
       preflight_failure_message, preflight_denied_by, preflight_policy_arn
from (
    select a.account_id, a.scan_id, a.principal, a.preflight_at, a.preflight_failure_kind, a.preflight_failure_code,
           a.preflight_failure_message, a.preflight_denied_by, a.preflight_policy_arn,
           row_number() over (partition by a.account_id order by s.started_at desc, s.scan_id desc) as place
    from scans this
    join scans s on s.workspace = this.workspace
        and (s.started_at < this.started_at or (s.started_at = this.started_at and s.scan_id <= this.scan_id))
    join scan_accounts a on a.scan_id = s.scan_id
    where this.scan_id = $1
      and (a.principal is not null or a.preflight_at is not null or a.preflight_state = 'failed')
) told
where place = 1
order by account_id
