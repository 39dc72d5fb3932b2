-- How often the lead was taken or renewed, in place of a time: who stands by takes it over once this has stood still for
-- long enough by a clock of its own, so that no clock that jumps keeps a lead or takes one away.
alter table leases rename column until_at to renewals;
