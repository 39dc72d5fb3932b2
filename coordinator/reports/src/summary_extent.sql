select count(distinct service) as services,
       count(distinct case when curated = 1 then service end) as curated,
       count(distinct probe) as probes,
       count(distinct region) as regions,
       count(distinct case when status = 'in_use' then service end) as in_use
from scan_cells
where scan_id = $1
