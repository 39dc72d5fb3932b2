-- The name of the schema that `drop_schema.sql` drops, for the rest of the connection.
select set_config('orgsweep_load.schema', $1, false)
