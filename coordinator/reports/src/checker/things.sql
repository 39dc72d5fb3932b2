select region, probe, kind, resource_id, home_region
from resources
where scan_id = $1 and account_id = $2 and own = 1
order by region, probe, kind, resource_id
