-- ivm_fdw_check: how the parts of a query would be kept (refusals: see refuse).
SET client_min_messages = warning;
CREATE SCHEMA checked;
SET search_path = checked, public;
CREATE TABLE sales (id int PRIMARY KEY, region text COLLATE "C", shop text COLLATE "en-x-icu", qty int, amount numeric(10,2),
	price float8, ok bool, at timestamp) PARTITION BY HASH (id);
CREATE TABLE sales_0 PARTITION OF sales FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE sales_1 PARTITION OF sales FOR VALUES WITH (MODULUS 2, REMAINDER 1);

-- sum, avg, count and stddev of one column share an accumulator; outputs over them are computed at reads
SELECT part, item, how FROM ivm_fdw_check('
	SELECT region r, shop, count(*), sum(amount), avg(amount), count(amount), stddev(amount),
		sum(price) FILTER (WHERE ok), sum(price), sum(qty) / count(*) AS mean
	FROM sales WHERE amount > 1 AND at >= ''2020-01-01''
	GROUP BY shop, region HAVING count(*) > 2 ORDER BY 1')
	WHERE part <> 'read';

-- one row; DISTINCT; a column that depends on the key
SELECT part, item, how FROM ivm_fdw_check('SELECT count(*), bool_and(ok), corr(price, qty), regr_count(price, qty) FROM sales')
	WHERE part <> 'read';
SELECT part, item, how FROM ivm_fdw_check('SELECT DISTINCT date_trunc(''month'', at), qty + 1 FROM sales') WHERE part <> 'read';
SELECT part, item, how FROM ivm_fdw_check('SELECT id, region, sum(qty) FROM sales GROUP BY id') WHERE part <> 'read';

-- what it costs
SELECT part, item, cost FROM ivm_fdw_check('SELECT region, qty, sum(amount) FROM sales GROUP BY region, qty') WHERE part <> 'read';
SELECT part, item, how FROM ivm_fdw_check('SELECT count(*) FROM sales') WHERE part = 'read';

-- privileges and row-level security are the caller's
CREATE ROLE refuse_reader;
GRANT USAGE ON SCHEMA checked TO refuse_reader;
SET ROLE refuse_reader;
SELECT part, item, how FROM ivm_fdw_check('SELECT count(*) FROM sales');
RESET ROLE;
GRANT SELECT ON sales TO refuse_reader;
SET ROLE refuse_reader;
SELECT part, item, how FROM ivm_fdw_check('SELECT count(*) FROM sales');
RESET ROLE;
GRANT TRIGGER ON sales TO refuse_reader;
ALTER TABLE sales ENABLE ROW LEVEL SECURITY;
SET ROLE refuse_reader;
SELECT part, item, how FROM ivm_fdw_check('SELECT count(*) FROM sales');
RESET ROLE;
ALTER TABLE sales DISABLE ROW LEVEL SECURITY;
SET ROLE refuse_reader;
SELECT part, item, how FROM ivm_fdw_check('SELECT count(*) FROM sales') WHERE part = 'key';
RESET ROLE;

-- in a transaction a refusal leaves everything as it was
BEGIN;
INSERT INTO sales VALUES (1, 'a');
SELECT part, item FROM ivm_fdw_check('SELECT min(qty) FROM sales');
SELECT count(*) FROM sales;
COMMIT;

-- what is no judgement of the query is raised
SET statement_timeout = '50ms';
CREATE FUNCTION sleeps() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(60); RETURN 1; END';
SELECT part, item, how FROM ivm_fdw_check('SELECT count(*) FROM sales WHERE qty = sleeps()');
RESET statement_timeout;

DROP SCHEMA checked CASCADE;
DROP ROLE refuse_reader;
RESET search_path;
