select status, failure_kind, failure_code, denied_by, policy_arn, evidence, count(*) as cells,
       count(distinct account_id) as accounts
from scan_cells
where scan_id = $1
group by status, failure_kind, failure_code, denied_by, policy_arn, evidence
order by cells desc, status, failure_kind, failure_code, denied_by, policy_arn, evidence
