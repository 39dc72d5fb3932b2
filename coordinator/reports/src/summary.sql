select status, curated, count(*) as cells,
       cast(coalesce(sum(resource_count), 0) as bigint) as resources,
       count(*) filter (where count_is = 'at_least') as floors,
       decides
from scan_cells
where scan_id = $1
group by status, curated, decides
