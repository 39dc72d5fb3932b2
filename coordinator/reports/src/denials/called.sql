select account_id, region, probe, status
from scan_cells
where scan_id = $1 and (evidence = 'predicted' or calls > 0)
order by account_id, region, probe
