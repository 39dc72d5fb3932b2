select what, failure_code, failure_message
from missing
where scan_id = $1
order by what, reason
limit 50
