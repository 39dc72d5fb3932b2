select service, status, failure_code, denied_by, policy_arn, count(*) as cells,
       count(distinct account_id) as accounts,
       min(failure_message) as message
from scan_cells
where scan_id = $1 and count_is = 'at_least'
  and status not in ('partial', 'denied', 'role_failed', 'throttled', 'unreachable', 'error', 'not_run')
group by service, status, failure_code, denied_by, policy_arn
order by cells desc, service, status, failure_code, denied_by, policy_arn
