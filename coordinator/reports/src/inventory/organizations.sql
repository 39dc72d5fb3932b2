select o.organization_id, o.arn, o.feature_set, o.management_account, o.management_arn, o.management_email,
       (select count(*) from scan_accounts a
        where a.scan_id = o.scan_id and a.organization_id = o.organization_id) as accounts,
       (select count(*) from units u
        where u.scan_id = o.scan_id and u.organization_id = o.organization_id) as units
from organizations o
where o.scan_id = $1
order by o.organization_id
