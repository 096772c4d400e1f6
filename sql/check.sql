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

-- arrangements: shared where they can be; distinct counts have totals
SELECT part, item, how FROM ivm_fdw_check('
	SELECT region, min(qty), max(qty), max(at) FILTER (WHERE ok), count(DISTINCT shop), count(DISTINCT price),
		string_agg(shop, '','' ORDER BY qty DESC), array_agg(id), percentile_cont(0.5) WITHIN GROUP (ORDER BY price),
		sum(DISTINCT qty), bit_or(qty)
	FROM sales GROUP BY region HAVING max(id) > 1')
	WHERE part <> 'read';
SELECT item, cost FROM ivm_fdw_check('
	SELECT min(qty), count(DISTINCT qty), array_agg(qty) FROM sales') WHERE part = 'aggregate';

-- rows: what is found by conditions, and what is not
CREATE TABLE notes (id int, lang text COLLATE "en-x-icu", doc json, n int);
SELECT part, item, how, cost FROM ivm_fdw_check('SELECT lang, n, doc, id FROM notes WHERE n > 0 ORDER BY n')
	WHERE part NOT IN ('read', 'table');
SELECT part, item, how FROM ivm_fdw_check('SELECT x, count(x.*) FROM sales x WHERE ok GROUP BY x.qty, x')
	WHERE part NOT IN ('read', 'table');
SELECT part, item, how FROM ivm_fdw_check('SELECT x, n FROM notes x') WHERE part NOT IN ('read', 'table');
SELECT part, item, how FROM ivm_fdw_check('SELECT lang, x.n FROM notes, LATERAL (SELECT notes.n + 1 AS n) x') WHERE part <> 'read';

-- grouping sets
SELECT part, item, how FROM ivm_fdw_check('SELECT region, shop, grouping(shop, region), sum(qty) FROM sales
	GROUP BY ROLLUP (region, shop), ()') WHERE part <> 'read';

-- rows of rows
SELECT part, item, how FROM ivm_fdw_check('SELECT w, count(*), max(s.qty) FROM sales s, regexp_split_to_table(s.shop, '' '') w
	WHERE w <> '''' AND s.ok GROUP BY w') WHERE part <> 'read';
SELECT part, item, how FROM ivm_fdw_check('SELECT region, v.n * qty FROM sales LEFT JOIN (VALUES (1), (2)) v(n) ON v.n < qty') WHERE part <> 'read';
SELECT part, item, how FROM ivm_fdw_check('SELECT id, generate_series(1, qty) FROM sales') WHERE part <> 'read';

-- what is computed at reads: windows, DISTINCT ON, LIMIT, queries around the core
SELECT part, item, how, cost FROM ivm_fdw_check('SELECT region, qty, rank() OVER (PARTITION BY region ORDER BY qty DESC, at NULLS FIRST) AS r,
	sum(amount) OVER (PARTITION BY region) / 2 AS half FROM sales') WHERE part NOT IN ('read', 'table');
SELECT part, item, how FROM ivm_fdw_check('SELECT region, count(*), rank() OVER (ORDER BY count(*) DESC) FROM sales GROUP BY region')
	WHERE part NOT IN ('read', 'table');
SELECT part, item, how, cost FROM ivm_fdw_check('SELECT DISTINCT ON (region) region, qty FROM sales ORDER BY region, at DESC NULLS LAST')
	WHERE part NOT IN ('read', 'table');
SELECT part, item, how FROM ivm_fdw_check('SELECT region, at FROM sales ORDER BY at DESC LIMIT 3 OFFSET 1') WHERE part NOT IN ('read', 'table');
SELECT part, item, cost FROM ivm_fdw_check('SELECT region, at FROM sales ORDER BY at DESC LIMIT 3') WHERE part = 'limit';
SELECT part, item, cost FROM ivm_fdw_check('SELECT region, at FROM sales ORDER BY at DESC NULLS LAST LIMIT 3') WHERE part = 'limit';
SELECT part, item, cost FROM ivm_fdw_check('SELECT region, sum(qty) FROM sales GROUP BY region ORDER BY sum(qty) DESC LIMIT 3')
	WHERE part = 'limit';
SELECT part, item, cost FROM ivm_fdw_check('
	WITH regions AS (SELECT region, shop, count(*) AS n, sum(qty) AS total FROM sales WHERE ok GROUP BY region, shop)
	SELECT region, max(n), avg(total) FROM regions WHERE n > 1 GROUP BY region HAVING count(*) > 1') WHERE part NOT IN ('read', 'table');
SELECT part, item, cost FROM ivm_fdw_check('SELECT count(*) FROM (SELECT DISTINCT region, shop FROM sales) x') WHERE part NOT IN ('read', 'table');
SELECT part, item, how FROM ivm_fdw_check('SELECT DISTINCT sum(qty) FROM sales GROUP BY region') WHERE part NOT IN ('read', 'table');
SELECT part, item, how FROM ivm_fdw_check('SELECT region, generate_series(1, 2), sum(qty) FROM sales GROUP BY region') WHERE part NOT IN ('read', 'table');
SELECT part, item, how FROM ivm_fdw_check('SELECT * FROM (SELECT region, row_number() OVER (PARTITION BY region ORDER BY id) AS nr, qty FROM sales) x WHERE nr <= 3')
	WHERE part NOT IN ('read', 'table');

-- joins by the key
CREATE TABLE invoice (id int PRIMARY KEY, customer text COLLATE "C", day date);
CREATE TABLE line (invoice int, article text COLLATE "C", price numeric, qty int);
SELECT part, item, how, cost FROM ivm_fdw_check('SELECT i.id, i.customer, count(*), count(DISTINCT i.day), sum(l.price * l.qty),
	string_agg(l.article, '','') FILTER (WHERE l.qty > 1)
	FROM invoice i LEFT JOIN line l ON l.invoice = i.id AND l.qty > 0 WHERE i.day > ''2020-01-01'' GROUP BY i.id')
	WHERE part <> 'read';

-- pinned settings
SELECT part, item, how FROM ivm_fdw_check('SELECT to_char(day, ''Mon'') AS m, string_agg(day::text, '','' ORDER BY id), max(id)::text || ''x''
	FROM invoice WHERE day::timestamptz > ''2020-01-01 00:00+00'' GROUP BY 1 HAVING max(day)::text > ''2020''') WHERE part = 'settings';

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
SELECT part, item FROM ivm_fdw_check('SELECT qty FROM sales WHERE random() < 0.5');
SELECT count(*) FROM sales;
COMMIT;

-- what is no judgement of the query is raised
SET statement_timeout = '500ms';
CREATE FUNCTION sleeps() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(60); RETURN 1; END';
SELECT part, item, how FROM ivm_fdw_check('SELECT count(*) FROM sales WHERE qty = sleeps()');
RESET statement_timeout;

DROP SCHEMA checked CASCADE;
DROP ROLE refuse_reader;
RESET search_path;
