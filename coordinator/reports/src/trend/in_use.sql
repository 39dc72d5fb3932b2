select probe, count(*) as cells
from cells
where scan_id = $1 and status = 'in_use'
group by probe
order by probe
