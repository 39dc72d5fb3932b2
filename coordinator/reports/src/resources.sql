select account_id, region, home_region, probe, kind, resource_id, parent, own, attributes
from resources
where scan_id = $1
order by account_id, region, probe, kind, resource_id
