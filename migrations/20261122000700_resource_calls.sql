-- Which of its probe's calls told what is known of a thing: the last one counts, however late or often the others come.
alter table resources add column call_number bigint not null default 0;
