select account_id, region, probe, status, failure_operation, failure_code, failure_message, denied_by, policy_arn
from scan_cells
where scan_id = $1
order by account_id, region, probe
