select p.organization_id, p.policy_id, p.arn, p.kind, p.name, p.provided, p.targets_known, d.body
from policies p
left join documents d on d.digest = p.digest
where p.scan_id = $1 and p.kind in ('SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY')
order by p.organization_id, p.kind, p.name, p.policy_id
