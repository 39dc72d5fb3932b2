select o.organization_id, r.completeness, r.lacks
from organizations o
left join readings r on r.scan_id = o.scan_id and r.organization_id = o.organization_id and r.part = $2
where o.scan_id = $1
order by o.organization_id
