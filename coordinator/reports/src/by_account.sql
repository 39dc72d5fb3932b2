select account_id,
       status, curated, count(*) as cells,
       cast(coalesce(sum(resource_count), 0) as bigint) as resources,
       count(*) filter (where count_is = 'at_least') as floors,
       count(distinct service) as services,
       count(distinct region) as regions
from scan_cells
where scan_id = $1 and decides = 1
group by account_id, status, curated
order by account_id
