select count(*)
from missing
where scan_id = $1 and failure_code <> 'AlreadyCovered'
