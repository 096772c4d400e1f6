-- GROUPING SETS, ROLLUP, CUBE; nested and flattened queries.
CREATE TABLE t (id int PRIMARY KEY, a int, b text COLLATE "C", c int, x int);
INSERT INTO t SELECT i, i % 4, 'b' || i % 3, i % 2, i % 19 FROM generate_series(1, 100) i;

CALL make_view('rolled', 'SELECT a, b, count(*) AS n, sum(x) AS s, max(x) AS hi FROM t GROUP BY ROLLUP (a, b)');
CALL make_view('cubed', 'SELECT GROUPING(a, b, c) AS level, a, b, c, count(*) AS n, count(DISTINCT x) AS d FROM t GROUP BY CUBE (a, b, c)');
CALL make_view('listed', 'SELECT a, b, GROUPING(a) AS ga, GROUPING(b) AS gb, sum(x) AS s FROM t GROUP BY GROUPING SETS ((a), (b), ())');
CALL make_view('mixed', 'SELECT c, a, b, array_agg(x ORDER BY id) AS l FROM t GROUP BY c, ROLLUP (a, b)');
CALL make_view('chosen', 'SELECT a, b, count(*) AS n FROM t GROUP BY ROLLUP (a, b) HAVING count(*) > 10 AND min(x) < 3');
CALL make_view('twice', 'SELECT a, count(*) AS n FROM t GROUP BY GROUPING SETS ((a), (a), (), ())');
CALL make_view('plain_sub', 'SELECT k, count(*) AS n, sum(v) AS s FROM (SELECT a + c AS k, x * 2 AS v, b FROM t WHERE x > 3) q WHERE b <> ''b1'' GROUP BY k');
CALL make_view('with_sub', 'WITH w AS (SELECT a, x FROM t WHERE c = 1), w2 AS (SELECT a, x FROM w WHERE x < 15) SELECT a, max(x) AS hi, count(DISTINCT x) AS d FROM w2 GROUP BY a');
CALL make_view('sub_rows', 'SELECT k, x FROM (SELECT a * 10 AS k, x FROM t) q WHERE k > 10');
CALL make_view('of_groups', 'SELECT n, count(*) AS groups, sum(s) AS total, min(hi) AS lo FROM (SELECT a, b, count(*) AS n, sum(x) AS s, max(x) AS hi FROM t GROUP BY a, b) g GROUP BY n');
CALL make_view('of_groups_by_key', 'SELECT a, count(*) AS bs, max(n) AS most, avg(s) AS mean FROM (SELECT a, b, count(*) AS n, sum(x) AS s FROM t GROUP BY a, b) g GROUP BY a');
CALL make_view('of_distinct', 'SELECT count(*) AS n, sum(a) AS s FROM (SELECT DISTINCT a, c FROM t) d');
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');

-- NULL as a value and NULL of a set
INSERT INTO t VALUES (200, NULL, NULL, NULL, 1), (201, NULL, 'b1', 1, 2), (202, 1, NULL, NULL, NULL);
SELECT * FROM listed ORDER BY ga, gb, a, b;
SELECT * FROM rolled WHERE a IS NULL ORDER BY b, n;
SELECT * FROM cubed WHERE level = 7;
SELECT level, count(*) FROM cubed GROUP BY level ORDER BY level;
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');
EXPLAIN (COSTS OFF) SELECT * FROM rolled WHERE a = 1;
SELECT * FROM rolled WHERE a = 1 ORDER BY b, n;
SELECT * FROM rolled WHERE a = 1 AND b = 'b2';
EXPLAIN (COSTS OFF) SELECT * FROM of_groups_by_key WHERE a = 1;
SELECT * FROM of_groups_by_key WHERE a = 1;

-- Groups go; the empty set always has its row, others only while they have rows
BEGIN;
DELETE FROM t WHERE a = 1;
SELECT count(*) FROM rolled WHERE a = 1;
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');
SAVEPOINT s;
TRUNCATE t;
SELECT * FROM rolled;
SELECT * FROM cubed;
SELECT * FROM listed;
SELECT * FROM mixed;
SELECT * FROM twice;
SELECT * FROM of_distinct;
SELECT * FROM of_groups;
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');
INSERT INTO t VALUES (1, 1, 'b1', 1, 1);
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');
ROLLBACK TO s;
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');
UPDATE t SET a = 3 - a, x = x + 1;
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');
COMMIT;
SELECT folded('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');

-- A cursor, and an older snapshot's groups of groups
BEGIN;
DECLARE c1 CURSOR FOR SELECT * FROM rolled WHERE b IS NULL ORDER BY a, n;
DECLARE c2 CURSOR FOR SELECT * FROM of_groups ORDER BY n;
FETCH 1 FROM c1;
DELETE FROM t WHERE id % 2 = 0;
FETCH ALL FROM c1;
FETCH ALL FROM c2;
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');
ROLLBACK;

-- Thousands of groups in each set, and a rebuild
INSERT INTO t SELECT i, i % 1500, 'w' || i % 2, i % 5, i % 7 FROM generate_series(1000, 4999) i;
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');
SELECT ivm_fdw_rebuild('rolled') > 0, ivm_fdw_rebuild('cubed') > 0, ivm_fdw_rebuild('listed') > 0, ivm_fdw_rebuild('of_groups') > 0, ivm_fdw_rebuild('of_distinct') > 0;
SELECT all_same('rolled', 'cubed', 'listed', 'mixed', 'chosen', 'twice', 'plain_sub', 'with_sub', 'sub_rows', 'of_groups', 'of_groups_by_key', 'of_distinct');
SELECT (SELECT count(*) FROM ivm_fdw_verify('cubed')), (SELECT count(*) FROM ivm_fdw_verify('twice')), (SELECT count(*) FROM ivm_fdw_verify('of_groups')), (SELECT count(*) FROM ivm_fdw_verify('with_sub'));

SET client_min_messages = warning;
DROP TABLE t CASCADE;
RESET client_min_messages;
