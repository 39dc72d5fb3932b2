select r.account_id, a.name as account_name, a.unit_path as ou_path, r.region, r.home_region,
       r.probe, r.kind, r.resource_id, r.parent, r.own, r.attributes
from resources r
left join scan_accounts a on a.scan_id = r.scan_id and a.account_id = r.account_id
where r.scan_id = $1
order by r.account_id, r.region, r.probe, r.kind, r.resource_id
