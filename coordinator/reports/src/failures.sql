select status, failure_kind, failure_code, denied_by, policy_arn, evidence,
       count(*) as cells,
       count(distinct account_id) as accounts,
       count(distinct region) as regions,
       count(distinct service) as services,
       min(service) as service,
       min(account_id) as account_id,
       min(region) as region,
       min(failure_operation) as operation,
       min(failure_message) as message
from scan_cells
where scan_id = $1
  and status in ('partial', 'denied', 'role_failed', 'throttled', 'unreachable', 'error', 'not_run')
group by status, failure_kind, failure_code, denied_by, policy_arn, evidence
order by cells desc, status, failure_kind, failure_code, denied_by, policy_arn, evidence
