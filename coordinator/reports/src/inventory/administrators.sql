select d.account_id, a.name, d.service, d.since_at, d.organization_id
from delegated_administrators d
left join scan_accounts a on a.scan_id = d.scan_id and a.account_id = d.account_id
where d.scan_id = $1
order by d.organization_id, d.account_id, d.service
