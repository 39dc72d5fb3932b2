select count(*) as accounts, count(principal) as entered
from scan_accounts
where scan_id = $1 and planned = 1
