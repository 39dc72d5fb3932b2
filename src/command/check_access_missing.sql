select what, failure_code, failure_message, failure_operation
from missing
where scan_id = $1
order by what, reason
