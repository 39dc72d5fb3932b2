select organization_id, unit_id, parent, name, path, id_path, arn
from units
where scan_id = $1
order by organization_id, path, unit_id
