select service, since_at, organization_id
from trusted_services
where scan_id = $1
order by organization_id, service
