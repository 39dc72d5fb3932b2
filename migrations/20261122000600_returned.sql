-- Dispatches that come back without having been worked on.
--
-- `alone`: the row's tasks go out one by one, until it is done. `sole`: the probe of the last dispatch, where it was
-- the only one. `preflight_deaths`: how often a worker that had the pre-flight ended without an answer.

alter table plan_rows add column alone bigint not null default 0;
alter table plan_rows add column sole text;
alter table scan_accounts add column preflight_deaths bigint not null default 0;
