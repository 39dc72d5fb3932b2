select organization_id, part, completeness, lacks
from readings
where scan_id = $1 and part in ('accounts', 'tree')
order by organization_id, part, connection
