select account_id, name, email, state, arn, joined_method, joined_at, organization_id, unit_id, connection, principal,
       case when preflight_state = 'entered' then 1 else 0 end as entered
from scan_accounts
where scan_id = $1
order by account_id
