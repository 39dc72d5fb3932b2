select organization_id, unit_id, parent, id_path, name, arn
from units
where scan_id = $1
order by organization_id, id_path
