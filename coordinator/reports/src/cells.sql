select c.scan_id, c.round, c.account_id, a.name as account_name, a.unit_path as ou_path,
       c.region, c.service, c.probe, c.status, c.evidence, c.resource_count, c.count_is,
       c.sample as resources, c.failure_code, c.failure_message, c.denied_by, c.policy_arn,
       c.attempts, c.calls, c.duration_ms, s.catalog as catalog_version, c.observed_at
from scan_cells c
join scans s on s.scan_id = c.scan_id
left join scan_accounts a on a.scan_id = c.scan_id and a.account_id = c.account_id
where c.scan_id = $1
order by c.account_id, c.region, c.probe
