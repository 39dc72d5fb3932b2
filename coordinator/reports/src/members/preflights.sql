select account_id, scan_id, principal, preflight_at, failure_kind, failure_code, failure_message, denied_by, policy_arn
from (
    select account_id, scan_id, principal, preflight_at, failure_kind, failure_code, failure_message, denied_by,
           policy_arn,
           row_number() over (partition by account_id order by place_at desc, scan_id desc) as place
    from (
        select a.account_id, a.scan_id, a.principal, a.preflight_at, a.preflight_failure_kind as failure_kind,
               a.preflight_failure_code as failure_code, a.preflight_failure_message as failure_message,
               a.preflight_denied_by as denied_by, a.preflight_policy_arn as policy_arn, s.started_at as place_at
        from scans this
        join scans s on s.workspace = this.workspace
            and (s.started_at < this.started_at or (s.started_at = this.started_at and s.scan_id <= this.scan_id))
        join scan_accounts a on a.scan_id = s.scan_id
        where this.scan_id = $1
          and (a.principal is not null or a.preflight_at is not null or a.preflight_state = 'failed')
        union all
        -- What a scan told that was removed since: it counts where no scan that there still is has tried.
        select m.account_id, m.preflight_scan, m.principal, m.preflight_at, m.failure_kind, m.failure_code,
               m.failure_message, m.denied_by, m.policy_arn, 0
        from scans this
        join members m on m.workspace = this.workspace
        where this.scan_id = $1 and m.preflight_at <= coalesce(this.finished_at, m.preflight_at)
          and not exists (select 1 from scans s where s.scan_id = m.preflight_scan)
    ) tried
) told
where place = 1
order by account_id
