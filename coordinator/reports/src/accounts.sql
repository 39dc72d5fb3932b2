select account_id, name, email, state, unit_path, unit_id_path, connection, planned, principal,
       organization_id, joined_at
from scan_accounts
where scan_id = $1
order by account_id
