select account_id, service,
       string_agg(region || ' ' || status || ' ' || coalesce(resource_count, 0) || ' ' || coalesce(count_is, 'exact'), ';') as detail
from scan_cells
where scan_id = $1 and decides = 1
group by account_id, service
order by account_id, service
