select o.organization_id, o.management_account,
       (select max(case when r.completeness in ('synced', 'already_synced') then 1 else 0 end) from readings r
        where r.scan_id = o.scan_id and r.organization_id = o.organization_id and r.part = 'policies') as whole,
       (select max(r.lacks) from readings r
        where r.scan_id = o.scan_id and r.organization_id = o.organization_id and r.part = 'policies') as lacks
from organizations o
where o.scan_id = $1
order by o.organization_id
