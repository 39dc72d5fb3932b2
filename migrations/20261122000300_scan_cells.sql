-- Every planned cell of a scan: its own answer, else its row's verdict, else its probe set's verdict, else not run.
--
-- `round` and `observed_at` are null for a cell that has no answer at all; a verdict of the probe set is of round 1.

create view scan_cells as
select
    r.scan_id,
    r.account_id,
    r.region,
    m.probe,
    p.service,
    p.title,
    p.category,
    p.global,
    p.judgement,
    p.curated,
    p.decides,
    coalesce(c.status, r.verdict, m.verdict, 'not_run') as status,
    case
        when c.status is not null then c.evidence
        when r.verdict = 'region_off' then 'region_list'
        when r.verdict = 'not_run' then 'missing'
        when r.verdict is not null then 'failure'
        when m.verdict is not null then 'region_table'
        else 'missing'
    end as evidence,
    coalesce(c.resource_count, 0) as resource_count,
    coalesce(c.count_is, 'exact') as count_is,
    coalesce(c.sample, '[]') as sample,
    case when c.status is null then r.failure_kind else c.failure_kind end as failure_kind,
    case when c.status is null then r.failure_code else c.failure_code end as failure_code,
    case when c.status is null then r.failure_message else c.failure_message end as failure_message,
    case when c.status is null then r.failure_operation else c.failure_operation end as failure_operation,
    case when c.status is null then r.failure_http_status else c.failure_http_status end as failure_http_status,
    case when c.status is null then r.failure_request_id else c.failure_request_id end as failure_request_id,
    case when c.status is null then r.denied_by else c.denied_by end as denied_by,
    case when c.status is null then r.policy_arn else c.policy_arn end as policy_arn,
    coalesce(c.round, r.verdict_round, case when m.verdict is not null then 1 end) as round,
    coalesce(c.attempts, 0) as attempts,
    coalesce(c.calls, 0) as calls,
    coalesce(c.retries, 0) as retries,
    coalesce(c.throttles, 0) as throttles,
    coalesce(c.duration_ms, 0) as duration_ms,
    coalesce(c.observed_at, r.verdict_at) as observed_at
from plan_rows r
join scans s on s.scan_id = r.scan_id
join probe_sets m on m.set_id = r.probe_set
left join probes p on p.catalog = s.catalog and p.probe = m.probe
left join cells c
    on c.scan_id = r.scan_id and c.account_id = r.account_id and c.region = r.region and c.probe = m.probe;
