select p.name, p.kind, t.name as target, t.kind as target_kind, coalesce(u.path, a.unit_path) as path,
       t.policy_id, t.target_id, t.organization_id
from policy_targets t
join policies p on p.scan_id = t.scan_id and p.organization_id = t.organization_id and p.policy_id = t.policy_id
left join units u on u.scan_id = t.scan_id and u.unit_id = t.target_id
left join scan_accounts a on a.scan_id = t.scan_id and a.account_id = t.target_id
where t.scan_id = $1
order by t.organization_id, p.kind, p.name, t.policy_id, t.target_id
