select region, service, probe, global, status, evidence, resource_count, count_is, sample,
       failure_kind, failure_code, failure_message, failure_operation, denied_by, policy_arn,
       calls, observed_at
from scan_cells
where scan_id = $1 and account_id = $2 and decides = 1
  and status not in ('not_offered', 'region_off')
order by region, service, probe
