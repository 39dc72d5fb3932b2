select account_id, region,
       string_agg(probe || ' ' || status || ' ' || resource_count || ' ' || count_is || ' ' || calls || ' ' || retries || ' ' || throttles || ' ' || duration_ms, ';') as cells
from scan_cells
where scan_id = $1
group by account_id, region
order by account_id, region
