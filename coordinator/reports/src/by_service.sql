select service,
       status, curated, count(*) as cells,
       cast(coalesce(sum(resource_count), 0) as bigint) as resources,
       count(*) filter (where count_is = 'at_least') as floors,
       count(distinct account_id) as accounts,
       count(distinct region) as regions
from scan_cells
where scan_id = $1 and decides = 1
group by service, status, curated
order by service
