select account_id, name, state, unit_path, unit_id_path, organization_id, management, connection, excluded_by,
       planned, preflight_state
from scan_accounts
where scan_id = $1
order by account_id
