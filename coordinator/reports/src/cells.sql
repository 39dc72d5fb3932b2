select account_id, region,
       string_agg(
           probe || $2 || coalesce(round, 0) || $2 || status || $2 || evidence || $2 || resource_count || $2 || count_is
           || $2 || replace(replace(sample, $2, ' '), $3, ' ')
           || $2 || coalesce(replace(replace(failure_code, $2, ' '), $3, ' '), '')
           || $2 || coalesce(replace(replace(failure_message, $2, ' '), $3, ' '), '')
           || $2 || coalesce(denied_by, '')
           || $2 || coalesce(replace(replace(policy_arn, $2, ' '), $3, ' '), '')
           || $2 || attempts || $2 || calls || $2 || duration_ms || $2 || coalesce(observed_at, 0),
           $3 order by probe
       ) as cells
from scan_cells
where scan_id = $1
group by account_id, region
order by account_id, region
