-- What a fleet adds: whose scans they are, and tasks that take their workers with them.

alter table scans add column workspace text not null default 'default';
alter table scans add column owner text not null default '';
create index scans_of_workspace on scans (workspace, started_at, scan_id);

alter table held_tasks add column deaths bigint not null default 0;
