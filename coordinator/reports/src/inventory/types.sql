select root_id, kind, status
from policy_types
where scan_id = $1
order by root_id, kind
