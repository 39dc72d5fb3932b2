select account_id, region,
       count(case when status = 'in_use' then 1 end) as used,
       min(case when status in ('partial', 'denied', 'role_failed', 'throttled', 'unreachable', 'error', 'not_run')
                then status || coalesce(' (' || failure_code || ')', '') end) as why
from scan_cells
where scan_id = $1 and region <> 'global' and (($2 = '' and coalesce(decides, 1) = 1) or probe = $2)
group by account_id, region
order by account_id, region
