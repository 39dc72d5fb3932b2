select account_id, organization_id, unit_id_path, role_arn, coalesce(role_arn, principal, arn) as any_arn
from scan_accounts
where scan_id = $1 and organization_id is not null
order by account_id
