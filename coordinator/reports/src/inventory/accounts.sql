select account_id, name, email, state, unit_path, unit_id_path, organization_id, management, joined_method,
       joined_at, arn, tags
from scan_accounts
where scan_id = $1
order by account_id
