select unit_id, parent, name
from units
where scan_id = $1
order by unit_id
