-- Drops the schema that `name_schema.sql` named: a name cannot be bound in a plain statement.
do $$ begin execute format('drop schema if exists %I cascade', current_setting('orgsweep_load.schema')); end $$
