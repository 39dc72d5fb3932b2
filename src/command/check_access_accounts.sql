select account_id, name, state, planned, principal, preflight_failure_code, preflight_failure_message
from scan_accounts
where scan_id = $1
order by account_id
