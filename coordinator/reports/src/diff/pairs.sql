select account_id, region,
       string_agg(
           probe || $2 || status || $2 || resource_count || $2 || count_is || $2 || evidence
           || $2 || coalesce(failure_kind, '')
           || $2 || coalesce(replace(replace(failure_code, $2, ' '), $3, ' '), '')
           || $2 || coalesce(denied_by, '')
           || $2 || coalesce(replace(replace(policy_arn, $2, ' '), $3, ' '), ''),
           $3
       ) as cells
from scan_cells
where scan_id = $1
group by account_id, region
order by account_id, region
