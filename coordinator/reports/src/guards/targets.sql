select organization_id, policy_id, target_id, kind, name
from policy_targets
where scan_id = $1
order by organization_id, policy_id, target_id
