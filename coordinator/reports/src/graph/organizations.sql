select organization_id, arn, feature_set, management_account, management_arn, management_email
from organizations
where scan_id = $1
order by organization_id
