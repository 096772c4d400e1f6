-- Views without grouping: rows, with their duplicates.
SET client_min_messages = warning;
CREATE SCHEMA rowviews;
SET search_path = rowviews, public;
CREATE TABLE t (id int PRIMARY KEY, a int, b text COLLATE "C", doc json, price numeric, tags text[]);
INSERT INTO t SELECT i, i % 4, chr(97 + i % 3), ('{"i":' || i % 2 || '}')::json, (ARRAY[1.0, 1.00, NULL])[1 + i % 3], ARRAY['x', NULL]
	FROM generate_series(1, 12) i;

-- selection and projection; duplicates are rows of their own
CALL make_view('plain', 'SELECT a, b, price FROM t WHERE a > 0');
CALL make_view('exprs', 'SELECT b || a AS ba, a * 2 AS twice, id % 2 = 0 AS even FROM t WHERE id > 2');
CALL make_view('docs', 'SELECT doc, tags, a FROM t');
CALL make_view('whole', 'SELECT t.*, to_jsonb(t) - ''doc'' AS j FROM t WHERE a <> 1');
CALL make_view('constant', 'SELECT 1 AS one, NULL::text AS nothing FROM t');
SELECT * FROM plain ORDER BY a, b, price::text;
SELECT count(*), count(DISTINCT ba) FROM exprs;
SELECT doc::text, tags, a, count(*) FROM docs GROUP BY doc::text, tags, a ORDER BY 1, 3;
SELECT * FROM whole WHERE id = 4;
SELECT count(*) FROM constant;
-- one of several equal rows goes, others come
DELETE FROM t WHERE id IN (1, 7);
INSERT INTO t (id, a, b, doc) SELECT i, 3, 'c', '{"i": 1}' FROM generate_series(20, 24) i;
UPDATE t SET a = a + 1 WHERE id BETWEEN 3 AND 5;
SELECT same('plain'), same('exprs'), same('docs'), same('whole'), same('constant');
SELECT count(*) FROM plain WHERE a = 3 AND b = 'c' AND price IS NULL;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM plain WHERE a = 3;
DELETE FROM t WHERE id >= 20;
SAVEPOINT s;
INSERT INTO t SELECT * FROM t ON CONFLICT DO NOTHING;
UPDATE t SET id = id + 100, price = 7;
SELECT same('plain'), same('docs'), same('whole');
ROLLBACK TO s;
SELECT same('plain'), same('docs'), same('whole');
SELECT count(*) FROM plain WHERE a = 3;
FETCH ALL FROM c;
ROLLBACK;
SELECT same('plain'), same('docs'), same('whole');

-- the key option: by what a row is found
CREATE FOREIGN TABLE by_b (a int, b text COLLATE "C", price numeric) SERVER ivm
	OPTIONS (query 'SELECT a, b, price FROM t', key 'b, a');
SELECT ivm_fdw_rebuild('by_b');
EXPLAIN (COSTS OFF) SELECT * FROM by_b WHERE b = 'c' AND a > 1;
EXPLAIN (COSTS OFF) SELECT * FROM by_b WHERE a = 1;
EXPLAIN (COSTS OFF) SELECT * FROM by_b ORDER BY b, a LIMIT 3;
EXPLAIN (COSTS OFF) SELECT * FROM plain WHERE a = 2 AND b > 'b';
SELECT * FROM by_b WHERE b = 'c' AND a > 1 ORDER BY a, price::text;
SELECT b, a FROM by_b ORDER BY b DESC, a DESC LIMIT 3;
SELECT same('by_b');
-- the key is a row's identity only as far as the query makes it so
CREATE FOREIGN TABLE by_id (j jsonb, id int) SERVER ivm
	OPTIONS (query 'SELECT jsonb_build_object(''a'', a, ''b'', b) AS j, id FROM t', key 'id');
SELECT ivm_fdw_rebuild('by_id');
EXPLAIN (COSTS OFF) SELECT j FROM by_id WHERE id = 5;
SELECT j FROM by_id WHERE id = 5;
UPDATE t SET b = 'renamed' WHERE id = 5;
SELECT j FROM by_id WHERE id = 5;
-- json, and columns that cannot lead a key
CREATE FOREIGN TABLE w (doc json, a int) SERVER ivm OPTIONS (query 'SELECT doc, a FROM t', key 'doc');
CREATE FOREIGN TABLE w (doc json, a int) SERVER ivm OPTIONS (query 'SELECT doc, a FROM t', key 'nope');
CREATE FOREIGN TABLE w (doc json, a int) SERVER ivm OPTIONS (query 'SELECT doc, a FROM t', key 'a, a');
CREATE FOREIGN TABLE w (doc json, a int) SERVER ivm OPTIONS (query 'SELECT doc, a FROM t', key '');
CREATE FOREIGN TABLE w (a int, n bigint) SERVER ivm OPTIONS (query 'SELECT a, count(*) FROM t GROUP BY a', key 'a');
CREATE FOREIGN TABLE w (a int, r bigint) SERVER ivm OPTIONS (query 'SELECT a, rank() OVER (ORDER BY a) FROM t', key 'a');
-- a key column is renamed, in the view and below it
ALTER FOREIGN TABLE by_b RENAME COLUMN b TO "B b";
SELECT option_value FROM pg_foreign_table, pg_options_to_table(ftoptions) WHERE ftrelid = 'by_b'::regclass AND option_name = 'key';
ALTER TABLE t RENAME b TO bb;
SELECT option_value FROM pg_foreign_table, pg_options_to_table(ftoptions) WHERE ftrelid = 'by_b'::regclass AND option_name IN ('key', 'query');
SELECT same('by_b'), same('by_id');
EXPLAIN (COSTS OFF) SELECT * FROM by_b WHERE "B b" = 'c';
ALTER FOREIGN TABLE by_b OPTIONS (SET key 'a');
SELECT ivm_fdw_rebuild('by_b');
EXPLAIN (COSTS OFF) SELECT * FROM by_b WHERE a = 2;
SELECT same('by_b');
ALTER FOREIGN TABLE by_b OPTIONS (DROP key);
SELECT same('by_b', false);
ALTER TABLE t RENAME bb TO b;

-- whole rows: columns added, renamed, dropped (the type of one that is used cannot change); before, in and after a transaction that writes
CREATE TABLE doc (id int PRIMARY KEY, v text);
INSERT INTO doc VALUES (1, 'a');
CALL make_view('doc_json', 'SELECT id, row_to_json(doc) AS j FROM doc');
CALL make_view('doc_group', 'SELECT id % 2 AS odd, count(doc), jsonb_agg(doc ORDER BY id) AS j FROM doc GROUP BY 1');
CALL make_view('doc_plain', 'SELECT id, v FROM doc');
SELECT same('doc_json'), same('doc_group');
ALTER TABLE doc ADD w int DEFAULT 5;
SELECT same('doc_json', false), same('doc_group', false), same('doc_plain');
SELECT * FROM doc_json;
BEGIN;
INSERT INTO doc VALUES (2, 'b', 3);
ALTER TABLE doc RENAME w TO x;
INSERT INTO doc VALUES (3, 'c', 4);
SELECT same('doc_json', false), same('doc_group', false), same('doc_plain');
SAVEPOINT s;
ALTER TABLE doc ADD y text DEFAULT 'why';
UPDATE doc SET y = 'because' WHERE id = 1;
SELECT * FROM doc_json ORDER BY id;
ROLLBACK TO s;
SELECT * FROM doc_json ORDER BY id;
COMMIT;
SELECT ivm_fdw_rebuild('doc_json') AS j, ivm_fdw_rebuild('doc_group') AS g;
SELECT same('doc_json'), same('doc_group'), same('doc_plain');
UPDATE doc SET x = x + 1;
SELECT * FROM doc_json ORDER BY id;
SELECT same('doc_json'), same('doc_group');
\set VERBOSITY sqlstate
ALTER TABLE doc ALTER x TYPE numeric(10,1);
\set VERBOSITY default
ALTER TABLE doc DROP x;
INSERT INTO doc VALUES (4, 'd');
SELECT same('doc_json', false), same('doc_group', false), same('doc_plain');
SELECT * FROM doc_json ORDER BY id;

-- the same over joins, windows, partitions and typed tables
CREATE TABLE t1 (id int PRIMARY KEY, v text);
CREATE TABLE t2 (id int PRIMARY KEY, tid int, z int);
CREATE TABLE tp (id int, v text) PARTITION BY LIST (id);
CREATE TABLE tp1 PARTITION OF tp FOR VALUES IN (1);
CREATE TABLE tp2 PARTITION OF tp DEFAULT;
CREATE TYPE comp AS (a int, b text);
CREATE TABLE typed OF comp;
INSERT INTO t1 VALUES (1, 'a'), (2, 'b');
INSERT INTO t2 VALUES (1, 1, 5), (2, 1, 6);
INSERT INTO tp VALUES (1, 'x'), (2, 'y');
INSERT INTO typed VALUES (1, 'x');
CALL make_view('of_window', 'SELECT to_json(t1) AS j, row_number() OVER (ORDER BY id) AS n FROM t1');
CALL make_view('of_join', 'SELECT t2.id, to_json(t1) AS j FROM t1 JOIN t2 ON t2.tid = t1.id WHERE t2.z > 1');
CALL make_view('of_star', 'SELECT t1.id, json_agg(t2 ORDER BY t2.id) AS j, count(t2) AS n FROM t1 LEFT JOIN t2 ON t2.tid = t1.id GROUP BY t1.id');
CALL make_view('of_partitions', 'SELECT id, to_jsonb(tp) AS j FROM tp');
CALL make_view('of_type', 'SELECT to_json(typed) AS j FROM typed');
CREATE FUNCTION all_wrong() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT v || ': ' || same(v::regclass, false) FROM unnest(ARRAY['of_window', 'of_join', 'of_star', 'of_partitions', 'of_type']) v
		WHERE same(v::regclass, false) !~ ' same$'$$;
ALTER TABLE t1 ADD q int DEFAULT 7;
ALTER TABLE t2 ADD q int DEFAULT 8;
ALTER TABLE tp ADD q int DEFAULT 9;
ALTER TYPE comp ADD ATTRIBUTE c int CASCADE;
SELECT all_wrong();
INSERT INTO t1 VALUES (3, 'c', 1);
INSERT INTO t2 VALUES (3, 3, 7, 2);
INSERT INTO tp VALUES (3, 'z', 4);
SELECT all_wrong();
ALTER TABLE t1 RENAME v TO vv;
ALTER TABLE t2 RENAME z TO zz;
ALTER TABLE tp RENAME v TO vv;
ALTER TYPE comp RENAME ATTRIBUTE b TO bb CASCADE;
SELECT all_wrong();
SELECT * FROM of_star ORDER BY id;
SELECT * FROM of_type;
SELECT v, ivm_fdw_rebuild(v::regclass) FROM unnest(ARRAY['of_window', 'of_join', 'of_star', 'of_partitions', 'of_type']) v;
UPDATE t1 SET q = q + 1;
UPDATE t2 SET q = 1, tid = 2 WHERE id = 2;
UPDATE tp SET id = 5 - id;
SELECT all_wrong();
SELECT * FROM of_join ORDER BY id;
SELECT * FROM of_partitions ORDER BY id;

-- long rows: over a page, over LMDB's largest key, toasted; long common beginnings
CREATE TABLE wide (id int PRIMARY KEY, body text COLLATE "C", more bytea);
CALL make_view('wides', 'SELECT id, body, more FROM wide');
CREATE FOREIGN TABLE by_body (body text COLLATE "C", n int) SERVER ivm OPTIONS (query 'SELECT body, length(more) FROM wide');
SELECT ivm_fdw_rebuild('by_body');
INSERT INTO wide SELECT i, repeat('abc', 3000) || i, decode(repeat(md5(i::text), 5000), 'hex') FROM generate_series(1, 6) i;
INSERT INTO wide SELECT i, repeat('x', 505 + i - 10), '' FROM generate_series(10, 20) i;
SELECT id, length(body), length(more) FROM wides WHERE id < 7 ORDER BY id;
SELECT same('wides'), same('by_body');
SELECT n FROM by_body WHERE body = repeat('abc', 3000) || 4;
UPDATE wide SET body = body || '!' WHERE id = 4;
UPDATE wide SET id = id + 100 WHERE id = 5;
DELETE FROM wide WHERE id = 6;
UPDATE wide SET more = more || 'more' WHERE id = 1;
SELECT same('wides'), same('by_body');
SELECT ivm_fdw_rebuild('wides'), ivm_fdw_rebuild('by_body');
SELECT same('wides'), same('by_body');
SELECT length(body), n FROM by_body WHERE body LIKE 'abcabc%' ORDER BY body;

-- thousands of duplicates, in and out
CREATE TABLE bag (x int, y int);
CALL make_view('bags', 'SELECT x FROM bag');
INSERT INTO bag SELECT i % 3, i FROM generate_series(1, 9000) i;
SELECT x, count(*) FROM bags GROUP BY x ORDER BY x;
DELETE FROM bag WHERE y % 2 = 0;
INSERT INTO bag SELECT * FROM bag WHERE x = 1;
SELECT x, count(*) FROM bags GROUP BY x ORDER BY x;
SELECT ivm_fdw_rebuild('bags');
DELETE FROM bag WHERE x = 1;
SELECT same('bags');
TRUNCATE bag;
SELECT same('bags', false);

DROP SCHEMA rowviews CASCADE;
RESET search_path;
