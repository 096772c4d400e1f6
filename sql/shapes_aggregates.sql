-- Aggregates that are no sums: kept as the ordered elements of each group.
SET client_min_messages = warning;
CREATE SCHEMA arr;
SET search_path = arr, public;
CREATE TABLE sales (id int PRIMARY KEY, region int, qty int, price numeric, weight float8, name text COLLATE "C",
	label text COLLATE "en-x-icu", at timestamptz, ok bool, tags int[], doc json, data jsonb);
INSERT INTO sales SELECT i, i % 3, i % 7, (i % 5)::numeric / 2, i % 4, 'n' || i % 6, chr(97 + i % 3), '2024-01-01 UTC'::timestamptz + i * interval '1 day',
	i % 2 = 0, ARRAY[i % 2, i % 3], ('{"a":' || i % 2 || '}')::json, jsonb_build_object('b', i % 2) FROM generate_series(1, 20) i;

-- min and max of many types beside sums and each other; FILTER; NULLs; no rows
CALL make_view('extremes', $$SELECT region, count(*), min(qty) AS min_q, max(qty) AS max_q, sum(qty) AS sum_q, min(price) AS min_p, max(price) AS max_p,
	min(weight) AS min_w, min(name) AS min_n, max(label) AS max_l, max(at) AS last, max(tags) AS max_t, max(qty) FILTER (WHERE ok) AS max_ok,
	min(qty) FILTER (WHERE qty > 100) AS never FROM sales GROUP BY region$$);
CALL make_view('extreme', 'SELECT min(qty), max(id), count(*) FROM sales WHERE region = 1');
SELECT region, min_q, max_q, min_p, max_p, min_w, min_n, max_l, max_t, max_ok, never FROM extremes ORDER BY region;
SELECT * FROM extreme;
-- the extremes go, and new ones come; one that has an equal stays
DELETE FROM sales WHERE qty IN (0, 6);
SELECT region, count, min_q, max_q, min_p, max_ok FROM extremes ORDER BY region;
UPDATE sales SET qty = NULL WHERE qty = 5;
INSERT INTO sales (id, region, qty, weight) VALUES (30, 0, 1000, '-Infinity'), (31, 0, NULL, 'NaN'), (32, NULL, -5, NULL), (33, NULL, NULL, '-0');
SELECT region, count, min_q, max_q, sum_q, min_w, max_p, never FROM extremes ORDER BY region;
SELECT same('extremes'), same('extreme');
-- a group is emptied and filled again
DELETE FROM sales WHERE region = 1;
SELECT * FROM extreme;
SELECT count(*) FROM extremes WHERE region = 1;
INSERT INTO sales (id, region, qty) VALUES (40, 1, 4), (41, 1, 4), (42, 1, 9);
DELETE FROM sales WHERE id = 42;
SELECT region, count, min_q, max_q, min_p FROM extremes WHERE region = 1;
SELECT * FROM extreme;
-- in a transaction, with savepoints, and with an older cursor
BEGIN;
DECLARE c CURSOR FOR SELECT region, min_q, max_q FROM extremes WHERE region = 1;
INSERT INTO sales (id, region, qty) VALUES (50, 1, -1);
SAVEPOINT a;
UPDATE sales SET qty = 77 WHERE id = 40;
SELECT region, min_q, max_q FROM extremes WHERE region = 1;
SAVEPOINT b;
DELETE FROM sales WHERE region = 1 AND id <> 41;
SELECT region, min_q, max_q FROM extremes WHERE region = 1;
ROLLBACK TO b;
SELECT region, min_q, max_q FROM extremes WHERE region = 1;
ROLLBACK TO a;
SELECT region, min_q, max_q FROM extremes WHERE region = 1;
FETCH ALL FROM c;
SELECT same('extremes');
ROLLBACK;
SELECT region, min_q, max_q FROM extremes WHERE region = 1;

-- DISTINCT
CALL make_view('distincts', $$SELECT region, count(DISTINCT qty) AS cd, count(DISTINCT price) AS cp, count(DISTINCT label) AS cl, count(DISTINCT data) AS cj,
	sum(DISTINCT qty) AS sd, avg(DISTINCT price) AS ad, count(DISTINCT qty) FILTER (WHERE ok) AS cf, count(DISTINCT (qty, ok)) AS cr,
	string_agg(DISTINCT name, '|' ORDER BY name DESC) AS sa FROM sales GROUP BY region$$);
SELECT * FROM distincts ORDER BY region;
INSERT INTO sales (id, region, qty, price) VALUES (60, 2, 1, 1.0), (61, 2, 1, 1.00), (62, 2, 12, 1.000), (63, 2, NULL, NULL);
SELECT region, cd, cp, sd, ad, cr FROM distincts WHERE region = 2;
DELETE FROM sales WHERE id IN (60, 61, 62);
SELECT region, cd, cp, sd, ad, cr FROM distincts WHERE region = 2;
SELECT same('distincts');
SELECT ivm_fdw_rebuild('distincts');
DELETE FROM sales WHERE region = 2 AND qty = 1;
SELECT same('distincts');

-- lists: ORDER BY, FILTER, duplicates; json has no equality
CALL make_view('lists', $$SELECT region, string_agg(name, ',' ORDER BY id) AS names, string_agg(label, '' ORDER BY label DESC, id) FILTER (WHERE ok) AS labels,
	array_agg(qty ORDER BY qty DESC NULLS LAST, id) AS qtys, array_agg(coalesce(tags, '{9,9}') ORDER BY id) AS tags, json_agg(doc ORDER BY id) AS docs,
	jsonb_object_agg(id, qty) AS obj, json_object_agg(id, name ORDER BY id) AS jobj, xmlagg(xmlelement(name q, qty) ORDER BY qty, id) AS x
	FROM sales GROUP BY region$$);
SELECT region, names, labels, qtys FROM lists ORDER BY region;
SELECT region, tags, docs, obj, x FROM lists WHERE region = 2;
UPDATE sales SET name = 'new', doc = '[1, 2]' WHERE id % 4 = 1;
DELETE FROM sales WHERE id = 2;
SELECT region, names, qtys FROM lists ORDER BY region;
SELECT (SELECT count(*) FROM ivm_fdw_verify('lists')) AS wrong;

-- ordered sets, hypothetical sets, bits, ranges, aggregates of one's own
CREATE FUNCTION add_up(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 0) * 2 + coalesce($2, 0)';
CREATE AGGREGATE doubled(int) (sfunc = add_up, stype = int);
CALL make_view('sets', $$SELECT region, percentile_cont(0.5) WITHIN GROUP (ORDER BY qty) AS med, percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY qty) AS quartiles,
	mode() WITHIN GROUP (ORDER BY qty) AS mode, rank(3) WITHIN GROUP (ORDER BY qty) AS rank3, dense_rank(3) WITHIN GROUP (ORDER BY qty DESC) AS dense3,
	bit_or(qty) AS bits, bit_and(qty) AS common, bit_xor(qty) AS odd, range_agg(int4range(id, id + 1)) AS ids, doubled(qty ORDER BY id) AS twice
	FROM sales WHERE qty IS NOT NULL GROUP BY region$$);
SELECT * FROM sets ORDER BY region;
UPDATE sales SET qty = qty + 1 WHERE id % 2 = 0;
DELETE FROM sales WHERE id IN (12, 40);
SELECT * FROM sets ORDER BY region;
SELECT same('sets'), same('lists'), same('distincts'), same('extremes');

-- conditions on aggregates; expressions over several; one row over nothing
CALL make_view('spans', 'SELECT region, max(qty) - min(qty) AS span, array_length(array_agg(id), 1) AS n FROM sales GROUP BY region HAVING max(qty) > 3 AND count(DISTINCT qty) > 1');
CREATE TABLE empty (a int, b text);
CALL make_view('nothing', 'SELECT min(a), max(b), count(DISTINCT a) AS cd, string_agg(b, '','') AS s, array_agg(a) AS l, percentile_cont(0.5) WITHIN GROUP (ORDER BY a) AS med, mode() WITHIN GROUP (ORDER BY a) FROM empty');
SELECT * FROM spans ORDER BY region;
SELECT * FROM nothing;
INSERT INTO empty VALUES (NULL, NULL);
SELECT * FROM nothing;
INSERT INTO empty VALUES (3, 'x'), (1, repeat('long', 1000)), (1, repeat('long', 1000));
SELECT min, length(max) AS max, cd, length(s) AS s, l, med, mode FROM nothing;
DELETE FROM empty WHERE a IS NOT NULL;
SELECT * FROM nothing;
TRUNCATE empty;
SELECT same('nothing', false), same('spans');

-- equal values of different form: any of those that the group has
CREATE TABLE forms (id int PRIMARY KEY, g int, n numeric, d float8, i interval, c bpchar);
INSERT INTO forms SELECT i, i % 2, (ARRAY[1.0, 1.00, 1])[1 + i % 3], (ARRAY[0, '-0'])[1 + i / 2 % 2]::float8, (ARRAY['1 month', '30 days'])[1 + i % 2]::interval, 'a' || repeat(' ', i % 3)
	FROM generate_series(1, 12) i;
CALL make_view('least', 'SELECT g, min(n) AS a, max(n) AS b, min(d) AS c, max(d) AS d, min(i) AS e, max(i) AS f, min(c) AS h, max(c) AS i FROM forms GROUP BY g');
CALL make_view('twice', 'SELECT n AS a, n AS b, count(*) FROM forms GROUP BY n');
CALL make_view('above', 'SELECT nn, c, rank() OVER (ORDER BY c) AS r FROM (SELECT n AS nn, count(*) AS c FROM forms GROUP BY n) x');
CALL make_view('rows', 'SELECT n, d, i FROM forms');
DELETE FROM forms WHERE id < 4;
INSERT INTO forms VALUES (20, 1, 1.0000, '-0', '720:00', 'a      ');
SELECT v, (SELECT count(*) FROM ivm_fdw_verify(v::regclass)) AS wrong FROM unnest(ARRAY['least', 'twice', 'above', 'rows']) v;
DELETE FROM forms WHERE n::text <> '1.0000';
SELECT * FROM least;
SELECT * FROM twice;
SELECT same('least'), same('twice'), same('above'), same('rows');

-- many elements in one group and one statement; the extremes taken away one after the other
CREATE TABLE big (g int, v int, t text COLLATE "C");
CALL make_view('bigs', 'SELECT g, min(v), max(v), count(DISTINCT v) AS cd, max(t) AS t, string_agg(t, '''' ORDER BY v, t) AS s FROM big GROUP BY g');
INSERT INTO big SELECT i % 2, i, 't' || i FROM generate_series(1, 5000) i;
DO $$BEGIN FOR i IN 1..300 LOOP DELETE FROM big WHERE v = 5001 - i OR v = i; END LOOP; END$$;
SELECT g, min, max, cd, t, length(s) FROM bigs ORDER BY g;
SELECT same('bigs');
SELECT ivm_fdw_rebuild('bigs');
DELETE FROM big WHERE v < 400 OR v > 4600;
SELECT g, min, max, cd, t FROM bigs ORDER BY g;
SELECT same('bigs');

DROP SCHEMA arr CASCADE;
RESET search_path;
