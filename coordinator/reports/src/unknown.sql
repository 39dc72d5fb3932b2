select account_id, region, probe, status, failure_kind, failure_code, denied_by, policy_arn, evidence,
       failure_operation, failure_message, observed_at
from scan_cells
where scan_id = $1
  and (status in ('partial', 'denied', 'role_failed', 'throttled', 'unreachable', 'error', 'not_run')
       or count_is = 'at_least')
order by account_id, region, probe
