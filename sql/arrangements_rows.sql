-- Views without GROUP BY: selection and projection, DISTINCT, DISTINCT ON, top k.
CREATE TABLE t (id int PRIMARY KEY, a int, b text COLLATE "C", n numeric, j json, p point);
INSERT INTO t SELECT i, i % 7, 'b' || i % 3, i / 4.0, json_build_object('i', i % 4), point(i % 5, 0) FROM generate_series(1, 100) i;

CALL make_view('whole_table', 'SELECT id, a, b, n, j, p FROM t');
CALL make_view('selected', 'SELECT a, b, n * 2 AS n2 FROM t WHERE a < 5');
CALL make_view('pairs', 'SELECT a, b FROM t');
CALL make_view('docs', 'SELECT j, a FROM t WHERE a > 2');
CALL make_view('different', 'SELECT DISTINCT a, b FROM t');
CALL make_view('firsts', 'SELECT DISTINCT ON (a) a, id, b, n FROM t ORDER BY a, n DESC, id');
CALL make_view('lasts', 'SELECT DISTINCT ON (a, b) a, b, id FROM t ORDER BY a, b, id DESC');
CALL make_view('top', 'SELECT id, n FROM t ORDER BY n DESC, id LIMIT 5');
CALL make_view('page', 'SELECT a, id FROM t ORDER BY a, id OFFSET 3 LIMIT 4');
CALL make_view('tied', 'SELECT a, id FROM t ORDER BY a DESC FETCH FIRST 3 ROWS WITH TIES');
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied');

-- Duplicates are kept, one by one
CREATE TABLE bag (x int, y text);
CALL make_view('copies', 'SELECT x, y FROM bag');
INSERT INTO bag VALUES (1, 'a'), (1, 'a'), (1, 'a'), (NULL, NULL), (NULL, NULL), (2, NULL);
SELECT * FROM copies ORDER BY x, y;
DELETE FROM bag WHERE ctid = (SELECT min(ctid) FROM bag WHERE x = 1);
SELECT * FROM copies WHERE x = 1;
SELECT * FROM copies WHERE x IS NULL;
BEGIN;
DELETE FROM bag WHERE ctid = (SELECT min(ctid) FROM bag WHERE x IS NULL);
SELECT count(*) FROM copies WHERE x IS NULL;
INSERT INTO bag VALUES (1, 'a'), (1, 'b');
SELECT same('copies');
ROLLBACK;
SELECT folded('copies');
SELECT same('copies');
SELECT count(*) FROM copies LIMIT 2;

-- Rows change, move, and go
UPDATE t SET a = a + 1 WHERE id % 10 = 0;
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied');
DELETE FROM t WHERE n > 20;
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied');
SELECT * FROM top ORDER BY n DESC;
INSERT INTO t VALUES (201, 6, 'b9', 1000, '[1, 2]', NULL), (202, NULL, NULL, NULL, NULL, NULL), (203, NULL, NULL, NULL, NULL, NULL), (204, -1, 'b0', 0.5, '{"a":1, "a":2}', '(1,1)');
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied');
SELECT * FROM top ORDER BY n DESC, id;
SELECT j, a FROM docs WHERE a = 6 ORDER BY j::text LIMIT 2;
SELECT folded('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied');
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied');

-- DISTINCT: shown once, until the last goes
BEGIN;
INSERT INTO t VALUES (300, 50, 'x'), (301, 50, 'x');
SELECT * FROM different WHERE a = 50;
DELETE FROM t WHERE id = 300;
SELECT * FROM different WHERE a = 50;
DELETE FROM t WHERE id = 301;
SELECT * FROM different WHERE a = 50;
COMMIT;

-- The first of DISTINCT ON goes, and another is the first
SELECT * FROM firsts WHERE a = 3;
DELETE FROM t WHERE id = (SELECT id FROM firsts WHERE a = 3);
SELECT * FROM firsts WHERE a = 3;
BEGIN;
SAVEPOINT s;
DELETE FROM t WHERE a = 3;
SELECT * FROM firsts WHERE a = 3;
INSERT INTO t VALUES (400, 3, 'new', 0);
SELECT * FROM firsts WHERE a = 3;
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied');
ROLLBACK TO s;
SELECT * FROM firsts WHERE a = 3;
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied');
COMMIT;

-- Top k: what is pushed out comes back
BEGIN;
INSERT INTO t SELECT i, 1, 'top', i FROM generate_series(2000, 2004) i;
SELECT * FROM top ORDER BY n DESC;
DELETE FROM t WHERE id IN (2001, 2003);
SELECT * FROM top ORDER BY n DESC;
SELECT same('top'), same('page'), same('tied');
ROLLBACK;
SELECT * FROM top ORDER BY n DESC;
SELECT same('top'), same('page'), same('tied');
BEGIN;
DELETE FROM t WHERE id > 3;
SELECT * FROM top ORDER BY n DESC;		-- fewer rows than the limit
SELECT * FROM page;
SELECT same('top'), same('page'), same('tied');
ROLLBACK;

-- Cursors, TRUNCATE
BEGIN;
DECLARE c1 CURSOR FOR SELECT * FROM top ORDER BY n DESC;
DECLARE c2 CURSOR FOR SELECT count(*), sum(id) FROM whole_table;
DECLARE c3 CURSOR FOR SELECT * FROM firsts ORDER BY a;
FETCH 2 FROM c1;
FETCH ALL FROM c2;
FETCH 1 FROM c3;
SAVEPOINT s;
TRUNCATE t;
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied');
INSERT INTO t VALUES (1, 1, 'x', 1);
SELECT * FROM top;
FETCH ALL FROM c1;
FETCH 2 FROM c3;
ROLLBACK TO s;
FETCH 2 FROM c3;
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied');
COMMIT;

-- The key: option, unique key of the table, all columns
CREATE FOREIGN TABLE by_key (b text COLLATE "C", a int, n numeric) SERVER ivm OPTIONS (query 'SELECT b, a, n FROM t', key 'a, b');
SELECT ivm_fdw_rebuild('by_key') > 0;
SELECT same('by_key');
EXPLAIN (COSTS OFF) SELECT * FROM by_key WHERE a = 2;
EXPLAIN (COSTS OFF) SELECT * FROM by_key WHERE a = 2 AND b > 'b0';
EXPLAIN (COSTS OFF) SELECT * FROM by_key WHERE b = 'b1';
EXPLAIN (COSTS OFF) SELECT * FROM by_key ORDER BY a, b LIMIT 2;
EXPLAIN (COSTS OFF) SELECT * FROM whole_table WHERE id = 5;
EXPLAIN (COSTS OFF) SELECT * FROM pairs WHERE a = 5;
SELECT * FROM by_key WHERE a = 2 AND b > 'b0' ORDER BY n;
SELECT id, a FROM whole_table WHERE id IN (5, 7) ORDER BY id;
SELECT count(*) FROM by_key WHERE a IS NULL;
BEGIN;
INSERT INTO t VALUES (500, 2, 'b1', -1);
SELECT * FROM by_key WHERE a = 2 AND b = 'b1' ORDER BY n LIMIT 1;
ROLLBACK;
CREATE FOREIGN TABLE wrong_key (a int, b text COLLATE "C") SERVER ivm OPTIONS (query 'SELECT a, b FROM t', key 'a, c');
CREATE FOREIGN TABLE wrong_key (a int, n bigint) SERVER ivm OPTIONS (query 'SELECT a, count(*) FROM t GROUP BY a', key 'a');
CREATE FOREIGN TABLE wrong_key (a int, a2 int) SERVER ivm OPTIONS (query 'SELECT a, a FROM t', key 'a, a');
CREATE FOREIGN TABLE wrong_key (j json) SERVER ivm OPTIONS (query 'SELECT j FROM t', key 'j');

-- Access to what is found by the columns of DISTINCT ON; nothing is pushed below a LIMIT
EXPLAIN (COSTS OFF) SELECT * FROM firsts WHERE a = 3;
EXPLAIN (COSTS OFF) SELECT * FROM different WHERE a = 3;
EXPLAIN (COSTS OFF) SELECT * FROM top WHERE id = 3;
SELECT count(*) FROM top WHERE id = 3;
SELECT count(*) FROM page WHERE a = 1;

-- Wide rows, out of line; and rows that differ only far behind
CREATE TABLE wide (id int, t text, u text);
ALTER TABLE wide ALTER t SET STORAGE EXTERNAL, ALTER u SET STORAGE EXTERNAL;
CALL make_view('of_wide', 'SELECT id, t, u FROM wide');
CALL make_view('of_wide_distinct', 'SELECT DISTINCT t FROM wide');
INSERT INTO wide SELECT i, repeat('wide', 1000) || i % 3, repeat('w', 10000) FROM generate_series(1, 12) i;
INSERT INTO wide SELECT 1, repeat('wide', 1000) || 1, repeat('w', 10000);
SELECT same('of_wide'), same('of_wide_distinct');
SELECT id, length(t), length(u) FROM of_wide WHERE id = 1;
UPDATE wide SET id = id + 1;		-- the long values are not written again
SELECT same('of_wide'), same('of_wide_distinct');
UPDATE wide SET t = t || 'x' WHERE id = 3;
DELETE FROM wide WHERE id = 2;
SELECT same('of_wide'), same('of_wide_distinct');
SELECT folded('of_wide', 'of_wide_distinct');
SELECT same('of_wide'), same('of_wide_distinct');

-- Whole rows, of a table that lost a column and gets one
CREATE TABLE changed (gone text, id int, x int);
ALTER TABLE changed DROP COLUMN gone;
INSERT INTO changed VALUES (1, 1), (2, NULL), (NULL, NULL);
CALL make_view('of_changed', 'SELECT c IS NULL AS no, c IS NOT NULL AS yes, to_jsonb(c) AS doc FROM changed c');
CALL make_view('of_changed_groups', 'SELECT c IS NOT NULL AS yes, count(*) AS n, count(c) AS rows FROM changed c GROUP BY c IS NOT NULL');
SELECT same('of_changed'), same('of_changed_groups');
UPDATE changed SET x = 5 WHERE id = 2;
SELECT same('of_changed'), same('of_changed_groups');
SELECT * FROM of_changed_groups ORDER BY yes;
ALTER TABLE changed ADD COLUMN y int;
SELECT same('of_changed', false), same('of_changed_groups', false);
UPDATE changed SET y = 1 WHERE id = 1;
SELECT same('of_changed', false), same('of_changed_groups', false);
SELECT * FROM of_changed_groups ORDER BY yes;

-- Thousands of rows in one statement; a large view read by pieces
INSERT INTO t SELECT i, i % 100, 'm' || i % 5, i % 1000 FROM generate_series(10000, 15000) i;
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied', 'by_key');
UPDATE t SET n = n + 1 WHERE id > 12000;
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied', 'by_key');
SELECT ivm_fdw_rebuild('whole_table') > 0, ivm_fdw_rebuild('pairs') > 0, ivm_fdw_rebuild('top') > 0, ivm_fdw_rebuild('firsts') > 0, ivm_fdw_rebuild('different') > 0;
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied', 'by_key');
DELETE FROM t;
SELECT all_same('whole_table', 'selected', 'pairs', 'docs', 'different', 'firsts', 'lasts', 'top', 'page', 'tied', 'by_key');
SELECT (SELECT count(*) FROM ivm_fdw_verify('whole_table')), (SELECT count(*) FROM ivm_fdw_verify('copies')), (SELECT count(*) FROM ivm_fdw_verify('firsts')),
	(SELECT count(*) FROM ivm_fdw_verify('top')), (SELECT count(*) FROM ivm_fdw_verify('docs'));

SET client_min_messages = warning;
DROP TABLE t, bag, wide, changed CASCADE;
RESET client_min_messages;
