-- What policies are asked about: who enters an account, and what the calls of a probe need.

alter table scan_accounts add column role_arn text;

-- Of each call its operation, its actions, and where it goes; `homes` is the region that stands for `global`, by
-- partition. Empty for probes that an earlier version wrote down.
alter table probes add column calls text not null default '[]';
alter table probes add column homes text not null default '{}';
