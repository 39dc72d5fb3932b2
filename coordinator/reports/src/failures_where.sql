select account_id, region, service, status,
       observed_at / 3600000 as hour,
       count(*) as cells
from scan_cells
where scan_id = $1
  and status in ('partial', 'denied', 'role_failed', 'throttled', 'unreachable', 'error', 'not_run')
group by account_id, region, service, status, observed_at / 3600000
