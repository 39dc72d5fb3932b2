select account_id, home_region, probe
from resources
where scan_id = $1 and own = 1 and home_region is not null
group by account_id, home_region, probe
order by account_id, home_region, probe
