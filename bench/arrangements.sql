-- Groups of 1,000 rows (small) and of many (big), in tables of the same size; id, g and x rise together.
CREATE EXTENSION ivm_fdw;

-- Extremes, and the same tables without a view
CREATE TABLE max_small (id int PRIMARY KEY, g int NOT NULL, x int NOT NULL);
INSERT INTO max_small SELECT i, (i - 1) / 1000 + 1, i FROM generate_series(1, 1000000) i;
CREATE INDEX ON max_small (g);
CREATE TABLE max_big (LIKE max_small INCLUDING ALL);
INSERT INTO max_big SELECT i, 1, i FROM generate_series(1, 1000000) i;
CREATE TABLE bare_small (LIKE max_small INCLUDING ALL);
INSERT INTO bare_small TABLE max_small;
CREATE TABLE bare_big (LIKE max_small INCLUDING ALL);
INSERT INTO bare_big TABLE max_big;
CREATE FOREIGN TABLE view_max_small (g int, lo int, hi int) SERVER ivm OPTIONS (query 'SELECT g, min(x), max(x) FROM max_small GROUP BY g');
CREATE FOREIGN TABLE view_max_big (g int, lo int, hi int) SERVER ivm OPTIONS (query 'SELECT g, min(x), max(x) FROM max_big GROUP BY g');

-- Distinct values
CREATE TABLE distinct_small (LIKE max_small);
INSERT INTO distinct_small TABLE max_small;
CREATE TABLE distinct_big (LIKE max_small);
INSERT INTO distinct_big TABLE max_big;
CREATE FOREIGN TABLE view_distinct_small (g int, d bigint) SERVER ivm OPTIONS (query 'SELECT g, count(DISTINCT x) FROM distinct_small GROUP BY g');
CREATE FOREIGN TABLE view_distinct_big (g int, d bigint) SERVER ivm OPTIONS (query 'SELECT g, count(DISTINCT x) FROM distinct_big GROUP BY g');

-- Lists and percentiles: groups of 1,000 and of 100,000
CREATE TABLE list_small (id serial PRIMARY KEY, g int NOT NULL, s text NOT NULL);
INSERT INTO list_small (g, s) SELECT (i - 1) / 1000 + 1, 'item ' || i FROM generate_series(1, 100000) i;
CREATE TABLE list_big (id serial PRIMARY KEY, g int NOT NULL, s text NOT NULL);
INSERT INTO list_big (g, s) SELECT 1, 'item ' || i FROM generate_series(1, 100000) i;
CREATE TABLE pct_small (id serial PRIMARY KEY, g int NOT NULL, x int NOT NULL);
INSERT INTO pct_small (g, x) SELECT (i - 1) / 1000 + 1, i * 7919 % 1000003 FROM generate_series(1, 100000) i;
CREATE TABLE pct_big (id serial PRIMARY KEY, g int NOT NULL, x int NOT NULL);
INSERT INTO pct_big (g, x) SELECT 1, i * 7919 % 1000003 FROM generate_series(1, 100000) i;
CREATE FOREIGN TABLE view_list_small (g int, l text) SERVER ivm OPTIONS (query 'SELECT g, string_agg(s, '','' ORDER BY id) FROM list_small GROUP BY g');
CREATE FOREIGN TABLE view_list_big (g int, l text) SERVER ivm OPTIONS (query 'SELECT g, string_agg(s, '','' ORDER BY id) FROM list_big GROUP BY g');
CREATE FOREIGN TABLE view_pct_small (g int, p float8) SERVER ivm OPTIONS (query 'SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM pct_small GROUP BY g');
CREATE FOREIGN TABLE view_pct_big (g int, p float8) SERVER ivm OPTIONS (query 'SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM pct_big GROUP BY g');

-- Top 10: of a partition of 1,000,000 rows beside small ones, and of the whole table
CREATE TABLE top (id int PRIMARY KEY, g int NOT NULL, x int NOT NULL);
INSERT INTO top SELECT i, CASE WHEN i <= 1000000 THEN 1 ELSE i % 100 + 2 END, (i * 7919::bigint) % 1000003 FROM generate_series(1, 1010000) i;
CREATE INDEX ON top (g, x DESC, id);
CREATE INDEX ON top (x DESC, id);
CREATE FOREIGN TABLE view_top_grouped (g int, id int, x int, rn bigint) SERVER ivm
	OPTIONS (query 'SELECT * FROM (SELECT g, id, x, row_number() OVER (PARTITION BY g ORDER BY x DESC, id) AS rn FROM top) s WHERE rn <= 10');
CREATE FOREIGN TABLE view_top_plain (id int, x int) SERVER ivm OPTIONS (query 'SELECT id, x FROM top ORDER BY x DESC, id LIMIT 10');
SELECT ivm_fdw_rebuild();
VACUUM ANALYZE;
