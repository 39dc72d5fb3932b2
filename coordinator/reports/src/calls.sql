select account_id, service, count(*) as cells,
       cast(coalesce(sum(calls), 0) as bigint) as calls,
       cast(coalesce(sum(retries), 0) as bigint) as retries,
       cast(coalesce(sum(throttles), 0) as bigint) as throttles,
       cast(coalesce(sum(duration_ms), 0) as bigint) as duration_ms
from scan_cells
where scan_id = $1
group by account_id, service
order by account_id, service
