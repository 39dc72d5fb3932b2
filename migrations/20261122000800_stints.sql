-- Pages of answers count in the order in which their worker wrote them.
--
-- `pages`: how many of a stint have come, counted from its first without a gap.
create table stints (
    scan_id text not null,
    stint text not null,
    pages bigint not null,
    primary key (scan_id, stint)
);

-- What came before its turn, without the things that were seen, which are written at once. `number`: how many pages
-- stand before it.
create table early_pages (
    scan_id text not null,
    stint text not null,
    number bigint not null,
    answers text not null,
    primary key (scan_id, stint, number)
);
