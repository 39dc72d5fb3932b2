select organization_id, scan_id
from (
    select o.organization_id, s.scan_id,
           row_number() over (partition by o.organization_id order by s.started_at desc, s.scan_id desc) as place
    from scans this
    join organizations mine on mine.scan_id = this.scan_id
    join organizations o on o.organization_id = mine.organization_id
    join scans s on s.scan_id = o.scan_id and s.workspace = this.workspace and s.planned = 1
        and (s.started_at < this.started_at or (s.started_at = this.started_at and s.scan_id < this.scan_id))
    where this.scan_id = $1
) earlier
where place = 1
order by organization_id
