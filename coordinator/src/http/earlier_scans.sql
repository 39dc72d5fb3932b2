select s.scan_id
from scans s
join scans b on b.scan_id = $1
where s.workspace = $2
    and (s.started_at < b.started_at or (s.started_at = b.started_at and s.scan_id < b.scan_id))
order by s.started_at desc, s.scan_id desc
limit $3
