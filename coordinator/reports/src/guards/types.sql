select organization_id, root_id, kind, status
from policy_types
where scan_id = $1
order by organization_id, root_id, kind
