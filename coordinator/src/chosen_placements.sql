select account_id, unit_id
from placements
where scan_id = $1
order by account_id
