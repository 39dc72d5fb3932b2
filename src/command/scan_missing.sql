select count(*)
from missing
where scan_id = $1
