select account_id, service, status, failure_kind, failure_code, denied_by, policy_arn, evidence,
       string_agg(region, ' ') as regions
from scan_cells
where scan_id = $1 and decides = 1
  and status in ('partial', 'denied', 'role_failed', 'throttled', 'unreachable', 'error', 'not_run')
group by account_id, service, status, failure_kind, failure_code, denied_by, policy_arn, evidence
order by account_id, service
