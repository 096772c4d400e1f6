-- Aggregates that are no sums, kept as the ordered elements of each group.
CREATE TABLE t (id serial PRIMARY KEY, g int, x int, n numeric, f float8, s text, d date);
INSERT INTO t (g, x, n, f, s, d)
	SELECT i % 5, (i * 7) % 23, ((i * 3) % 11) / 4.0, ((i * 5) % 13) / 8.0, 'v' || (i * 11) % 17, '2024-01-01'::date + (i * 13) % 30
	FROM generate_series(1, 200) i;

CALL make_view('extremes', 'SELECT g, min(x) AS lox, max(x) AS hix, min(n) AS lon, max(n) AS hin, min(f) AS lof, max(f) AS hif,
	min(s) AS los, max(s) AS his, min(d) AS lod, max(d) AS hid, count(*) AS c, sum(n) AS total FROM t GROUP BY g');
CALL make_view('distinct_values', 'SELECT g, count(DISTINCT x) AS dx, count(DISTINCT s) AS ds, sum(DISTINCT x) AS sx, avg(DISTINCT x) AS ax,
	string_agg(DISTINCT s, '','') AS sa, count(x) AS c FROM t GROUP BY g');
CALL make_view('lists', 'SELECT g, string_agg(s, '','' ORDER BY x, id) AS sl, array_agg(x ORDER BY n DESC, id) AS al,
	array_agg(f ORDER BY f) FILTER (WHERE x > 10) AS fl, json_agg(s ORDER BY id) AS jl, jsonb_agg(x ORDER BY x) AS bl,
	json_object_agg(s, x ORDER BY id) FILTER (WHERE s IS NOT NULL) AS ol, jsonb_object_agg(coalesce(s, ''-''), x ORDER BY id) AS obl, sum(x) AS total FROM t GROUP BY g');
CALL make_view('ranks', 'SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY x) AS med, percentile_disc(0.9) WITHIN GROUP (ORDER BY n DESC) AS p90,
	percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY f) AS quarts, mode() WITHIN GROUP (ORDER BY s) AS m, rank(7) WITHIN GROUP (ORDER BY x) AS r,
	dense_rank(7) WITHIN GROUP (ORDER BY x DESC) AS dr, cume_dist(3, ''v3'') WITHIN GROUP (ORDER BY x, s) AS cd, percent_rank(5) WITHIN GROUP (ORDER BY x) AS pr
	FROM t GROUP BY g');
CALL make_view('whole', 'SELECT min(x) AS lo, max(x) FILTER (WHERE g = 2) AS hi2, count(DISTINCT s) AS ds, string_agg(s, '','' ORDER BY id) FILTER (WHERE g = 3) AS s3 FROM t');
CALL make_view('chosen', 'SELECT g, max(x) AS hi FROM t WHERE x < 20 GROUP BY g HAVING count(DISTINCT s) > 3 AND min(x) < 5');
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');

-- The extremes go, and come back
DELETE FROM t WHERE x = 0 OR x = 22;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
DELETE FROM t WHERE g = 1 AND x <> 7;
INSERT INTO t (g, x, n, f, s, d) VALUES (1, -1, -1, -1, '', '1999-12-31'), (1, 100, 100, 100, 'zzz', '2030-01-01');
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
SELECT folded('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
DELETE FROM t WHERE x IN (-1, 100);
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
SELECT g, lox, hix FROM extremes WHERE g = 1;

-- A group emptied and refilled, in one transaction and over several
BEGIN;
DELETE FROM t WHERE g = 2;
SELECT g FROM extremes WHERE g = 2;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
INSERT INTO t (g, x, n, s) VALUES (2, 5, 1.50, 'only');
SELECT * FROM extremes WHERE g = 2;
SELECT * FROM lists WHERE g = 2;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
COMMIT;
SELECT folded('extremes', 'lists');
DELETE FROM t WHERE g = 2;
SELECT folded('extremes', 'lists');
SELECT count(*) FROM lists WHERE g = 2;
INSERT INTO t (g, x, n, s) VALUES (2, 6, 1.5, 'again'), (2, NULL, NULL, NULL);
SELECT * FROM lists WHERE g = 2;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');

-- NULL keys, and NULL inputs only
INSERT INTO t (g, x, n, f, s) VALUES (NULL, 3, 3, 3, 'null group'), (NULL, 4, NULL, 4, NULL), (77, NULL, NULL, NULL, NULL), (77, NULL, NULL, NULL, NULL);
SELECT * FROM extremes WHERE g IS NULL OR g = 77;
SELECT * FROM distinct_values WHERE g IS NULL OR g = 77;
SELECT * FROM lists WHERE g IS NULL OR g = 77;
SELECT * FROM ranks WHERE g IS NULL OR g = 77;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');

-- Savepoints: the extreme of each moment
BEGIN;
INSERT INTO t (g, x) VALUES (3, 1000);
SAVEPOINT a;
DELETE FROM t WHERE g = 3 AND x >= 15;
SELECT lox, hix, c FROM extremes WHERE g = 3;
SAVEPOINT b;
UPDATE t SET g = 3 WHERE g = 4;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
ROLLBACK TO b;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
ROLLBACK TO a;
SELECT lox, hix, c FROM extremes WHERE g = 3;
INSERT INTO t (g, x) VALUES (3, 1001);
RELEASE a;
SELECT hix FROM extremes WHERE g = 3;
COMMIT;
SELECT hix FROM extremes WHERE g = 3;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
DELETE FROM t WHERE x >= 1000;

-- Cursors see what was there when they were opened
BEGIN;
DECLARE c1 CURSOR FOR SELECT g, lox, hix FROM extremes ORDER BY g;
DECLARE c2 CURSOR FOR SELECT g, sl FROM lists WHERE g = 77 OR g IS NULL ORDER BY g;
DECLARE c3 CURSOR FOR SELECT g, dx, ds FROM distinct_values ORDER BY g;
FETCH 1 FROM c1;
UPDATE t SET x = x + 50, s = 'changed';
DELETE FROM t WHERE g = 0;
DECLARE c4 CURSOR FOR SELECT g, lox, hix FROM extremes ORDER BY g;
DELETE FROM t;
FETCH ALL FROM c1;
FETCH ALL FROM c2;
FETCH ALL FROM c3;
FETCH ALL FROM c4;
SELECT count(*) FROM extremes;
SELECT * FROM whole;
ROLLBACK;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');

-- TRUNCATE within a savepoint, undone and not
BEGIN;
INSERT INTO t (g, x) VALUES (9, 9);
SAVEPOINT a;
TRUNCATE t;
INSERT INTO t (g, x, s) VALUES (1, 1, 'after');
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
ROLLBACK TO a;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
COMMIT;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');

-- Built anew from the same rows
SELECT ivm_fdw_rebuild('extremes') > 0, ivm_fdw_rebuild('distinct_values') > 0, ivm_fdw_rebuild('lists') > 0, ivm_fdw_rebuild('ranks') > 0,
	ivm_fdw_rebuild('whole') > 0, ivm_fdw_rebuild('chosen') > 0;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
SELECT (SELECT count(*) FROM ivm_fdw_verify('extremes')), (SELECT count(*) FROM ivm_fdw_verify('distinct_values')),
	(SELECT count(*) FROM ivm_fdw_verify('lists')), (SELECT count(*) FROM ivm_fdw_verify('ranks')),
	(SELECT count(*) FROM ivm_fdw_verify('whole')), (SELECT count(*) FROM ivm_fdw_verify('chosen'));

-- Thousands of groups in a statement; a row moved from one to another
UPDATE t SET g = id % 40;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
INSERT INTO t (g, x, n, f, s, d) SELECT i % 3000, i % 7, (i % 5) / 4.0, i % 3, 'w' || i % 4, '2024-01-01' FROM generate_series(1, 9000) i;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
SELECT folded('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
DELETE FROM t WHERE g > 10;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
TRUNCATE t;
SELECT all_same('extremes', 'distinct_values', 'lists', 'ranks', 'whole', 'chosen');
SELECT * FROM whole;

-- NaN and the infinities at both ends, added and removed
CREATE TABLE odd (g int, f float8, n numeric, d timestamp, i interval);
CALL make_view('ends', 'SELECT g, min(f) AS lof, max(f) AS hif, min(n) AS lon, max(n) AS hin, min(d) AS lod, max(d) AS hid, count(DISTINCT f) AS df, count(DISTINCT n) AS dn,
	sum(DISTINCT f) AS sf, max(i) AS hii, min(i) AS loi, percentile_disc(0.5) WITHIN GROUP (ORDER BY f) AS p, array_agg(f ORDER BY f) AS fs, array_agg(n ORDER BY n) AS ns FROM odd GROUP BY g');
INSERT INTO odd VALUES (1, 'NaN', 'NaN', 'infinity', '1 day'), (1, 'Infinity', 'Infinity', '-infinity', '23 hours'), (1, '-Infinity', '-Infinity', '2024-01-01', '25 hours'),
	(1, 1, 1, '2024-01-02', '1 mon'), (2, '-Infinity', 'NaN', 'infinity', NULL), (3, NULL, NULL, NULL, NULL), (4, 'NaN', 'NaN', NULL, '-1 day');
SELECT same('ends');
SELECT * FROM ends ORDER BY g;
DELETE FROM odd WHERE f = 'NaN' OR n = 'NaN';
SELECT same('ends');
DELETE FROM odd WHERE f IN ('Infinity', '-Infinity');
SELECT same('ends');
SELECT * FROM ends ORDER BY g;
INSERT INTO odd VALUES (1, 'NaN', '-Infinity', '-infinity', '-1 mon');
SELECT same('ends');

-- Equal values of different form: one that the group still has is shown
CREATE TABLE forms (g int, n numeric, f float8);
CALL make_view('shown', 'SELECT g, max(n) AS n, count(DISTINCT n) AS dn, max(f) AS f, sum(DISTINCT n) AS sn FROM forms GROUP BY g');
INSERT INTO forms VALUES (1, 1.0, 0), (1, 1.00, '-0'), (1, 1.000, 0);
SELECT n = 1 AS n, dn, f = 0 AS f, sn = 1 AS sn FROM shown;
DELETE FROM forms WHERE n::text <> '1.00';
SELECT * FROM shown;
SELECT folded('shown');
SELECT * FROM shown;
INSERT INTO forms VALUES (1, 1.0000, 0);
DELETE FROM forms WHERE n::text = '1.00';
SELECT * FROM shown;
SELECT same('shown');

-- Types whose order is no order of bytes, and those with the most forms
CREATE TABLE kinds (g int, t text COLLATE "en-x-icu", tc text COLLATE "C", b bpchar(5), e boolean, u uuid, m money, a int[], ip inet, j jsonb, r int4range, bi bit(4), oi oid);
CALL make_view('of_kinds', 'SELECT g, min(t) AS lt, max(t) AS ht, min(tc) AS ltc, max(tc) AS htc, min(b) AS lb, max(m) AS hm, min(a) AS la, max(a) AS ha, min(ip) AS lip,
	max(oi) AS ho, count(DISTINCT j) AS dj, count(DISTINCT u) AS du, count(DISTINCT e) AS de, range_agg(r) AS ra, range_intersect_agg(r) AS ri,
	bit_and(bi) AS ba, bit_or(bi) AS bo, bit_xor(bi) AS bx FROM kinds GROUP BY g');
INSERT INTO kinds SELECT i % 3, chr(97 + i % 26), chr(65 + i % 50), chr(97 + i % 7), i % 2 = 0, ('00000000-0000-0000-0000-0000000000' || 10 + i % 9)::uuid,
	i % 13, ARRAY[i % 4, i % 3], ('10.0.0.' || i % 200)::inet, jsonb_build_object('a', i % 5), int4range(i, i + 2), (i % 16)::bit(4), i % 40
	FROM generate_series(1, 120) i;
INSERT INTO kinds (g, t) VALUES (0, 'Ä'), (0, 'z'), (1, 'ä'), (1, 'Z'), (2, repeat('long text ', 200) || 'b'), (2, repeat('long text ', 200) || 'a');
SELECT same('of_kinds');
DELETE FROM kinds WHERE t IN ('a', 'z', 'Z') OR length(t) > 100;
SELECT same('of_kinds');
SELECT folded('of_kinds');
SELECT same('of_kinds');
SELECT ivm_fdw_rebuild('of_kinds');
SELECT same('of_kinds');

-- Long values: beyond what a key of LMDB holds, and out of line
CREATE TABLE long (g int, t text);
ALTER TABLE long ALTER t SET STORAGE EXTERNAL;
CALL make_view('of_long', 'SELECT g, min(t) AS lo, max(t) AS hi, count(DISTINCT t) AS d, string_agg(t, ''|'' ORDER BY t) AS l, md5(string_agg(t, '''' ORDER BY t DESC)) AS h FROM long GROUP BY g');
INSERT INTO long SELECT i % 2, repeat('x', 600) || i FROM generate_series(1, 20) i;
INSERT INTO long SELECT 0, repeat('y', 3000) || i % 3 FROM generate_series(1, 9) i;
SELECT same('of_long');
DELETE FROM long WHERE t LIKE '%2';
SELECT same('of_long');
SELECT folded('of_long');
UPDATE long SET g = 1 - g WHERE length(t) < 603;
SELECT same('of_long');
SELECT g, left(lo, 2), right(hi, 3), length(hi), d, length(l) FROM of_long ORDER BY g;

-- Inputs without an order: by the arguments
CREATE TABLE lazy (g int, s text, x int);
CALL make_view('of_lazy', 'SELECT g, string_agg(s, ''+'') AS s, array_agg(x) AS a, jsonb_agg(s) AS j, jsonb_object_agg(s, x) AS o FROM lazy GROUP BY g');
INSERT INTO lazy VALUES (1, 'c', 3), (1, 'a', 1), (1, 'b', 2), (1, 'a', 0), (2, 'z', NULL);
SELECT * FROM of_lazy ORDER BY g;
SET ivm_fdw.use_store = off;
SELECT * FROM of_lazy ORDER BY g;
RESET ivm_fdw.use_store;

-- User's aggregates, plain and ordered; DISTINCT and FILTER on them
CREATE FUNCTION chain(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce($1 || '>', '') || coalesce($2, '?') $$;
CREATE AGGREGATE chain(text) (sfunc = chain, stype = text);
CREATE FUNCTION spread_step(int[], int) RETURNS int[] LANGUAGE plpgsql IMMUTABLE STRICT AS $$ BEGIN RETURN ARRAY[least($1[1], $2), greatest($1[2], $2)]; END $$;
CREATE FUNCTION spread_final(int[]) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1[2] - $1[1] $$;
CREATE AGGREGATE spread(int) (sfunc = spread_step, stype = int[], initcond = '{}', finalfunc = spread_final);
CALL make_view('of_users', 'SELECT g, chain(s ORDER BY x DESC, s) AS c, chain(DISTINCT s) AS dc, spread(x) AS sp, spread(x) FILTER (WHERE s > ''a'') AS sf, count(*) AS n FROM lazy GROUP BY g');
SELECT same('of_users');
SELECT * FROM of_users ORDER BY g;
UPDATE lazy SET x = x * 10 WHERE s = 'a';
DELETE FROM lazy WHERE s = 'c';
SELECT same('of_users');

-- Several views on a row, written by ON CONFLICT, MERGE and COPY
CREATE TABLE k (id int PRIMARY KEY, g int, x int);
CALL make_view('of_k', 'SELECT g, min(x) AS lo, max(x) AS hi, count(DISTINCT x) AS d, array_agg(x ORDER BY x, id) AS l FROM k GROUP BY g');
INSERT INTO k VALUES (1, 1, 10), (2, 1, 20), (3, 2, 30);
INSERT INTO k VALUES (1, 1, 99), (4, 2, 1) ON CONFLICT (id) DO UPDATE SET g = 2, x = excluded.x;
MERGE INTO k USING (VALUES (2), (3), (5)) s (i) ON id = i WHEN MATCHED AND i = 2 THEN DELETE WHEN MATCHED THEN UPDATE SET x = 31 WHEN NOT MATCHED THEN INSERT VALUES (i, 1, 50);
COPY k FROM stdin;
10	1	5
11	1	500
\.
SELECT same('of_k');
SELECT * FROM of_k ORDER BY g;

SET client_min_messages = warning;
DROP TABLE t, odd, forms, kinds, long, lazy, k CASCADE;
DROP AGGREGATE chain(text), spread(int);
DROP FUNCTION chain, spread_step, spread_final;
RESET client_min_messages;
