-- A million groups, as a view and as a table with the same rows.
CREATE EXTENSION ivm_fdw;
CREATE TABLE facts (k int, amount numeric(10,2));
INSERT INTO facts SELECT i, (i % 997) / 4.0 FROM generate_series(1, 1000000) i;
VACUUM ANALYZE facts;
CREATE FOREIGN TABLE the_view (k int, n bigint, total numeric)
	SERVER ivm OPTIONS (query 'SELECT k, count(*), sum(amount) FROM facts GROUP BY k');
SELECT ivm_fdw_rebuild('the_view');
CREATE TABLE the_table (k int PRIMARY KEY, n bigint, total numeric);
INSERT INTO the_table SELECT k, count(*), sum(amount) FROM facts GROUP BY k;
VACUUM ANALYZE the_table;
ANALYZE the_view;
