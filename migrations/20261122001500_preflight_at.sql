-- When the last try to enter an account came to its end, in whatever way.

alter table scan_accounts add column preflight_at bigint;
