select home_region, probe, count(*) as things
from resources
where scan_id = $1 and own = 1 and home_region is not null and home_region <> region
group by home_region, probe
order by home_region, probe
