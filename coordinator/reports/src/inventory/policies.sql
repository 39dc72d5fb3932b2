select p.policy_id, p.kind, p.name, p.provided, p.targets_known,
       (select count(*) from policy_targets t
        where t.scan_id = p.scan_id and t.organization_id = p.organization_id and t.policy_id = p.policy_id) as targets,
       p.organization_id, p.arn, p.description, d.body
from policies p
left join documents d on d.digest = p.digest
where p.scan_id = $1
order by p.organization_id, p.kind, p.name, p.policy_id
