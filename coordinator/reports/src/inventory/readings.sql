select organization_id, part, completeness, lacks, failure_code, failure_message, denied_by, policy_arn, connection,
       read_at
from readings
where scan_id = $1
order by organization_id, part, connection
