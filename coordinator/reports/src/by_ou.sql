select a.unit_path, a.unit_id_path, c.service,
       c.status, c.curated, count(*) as cells,
       cast(coalesce(sum(c.resource_count), 0) as bigint) as resources,
       count(*) filter (where c.count_is = 'at_least') as floors
from scan_cells c
join scan_accounts a on a.scan_id = c.scan_id and a.account_id = c.account_id
where c.scan_id = $1 and c.decides = 1
group by a.unit_path, a.unit_id_path, c.service, c.status, c.curated
