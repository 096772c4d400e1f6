-- Window functions: the partition is the key, and the window runs over what is kept of it.
CREATE TABLE t (id int PRIMARY KEY, g int, x int, s text COLLATE "C");
INSERT INTO t SELECT i, i % 6, (i * 7) % 31, 's' || i % 4 FROM generate_series(1, 120) i;

CALL make_view('numbered', 'SELECT g, id, x, row_number() OVER (PARTITION BY g ORDER BY x DESC, id) AS rn FROM t');
CALL make_view('ranked', 'SELECT g, id, rank() OVER (PARTITION BY g ORDER BY x) AS r, dense_rank() OVER (PARTITION BY g ORDER BY x) AS d,
	percent_rank() OVER (PARTITION BY g ORDER BY x) AS p, cume_dist() OVER (PARTITION BY g ORDER BY x) AS c FROM t');
CALL make_view('running', 'SELECT g, id, sum(x) OVER (PARTITION BY g ORDER BY id) AS total, lag(x) OVER (PARTITION BY g ORDER BY id) AS before,
	lead(x, 2, -1) OVER (PARTITION BY g ORDER BY id) AS after, ntile(3) OVER (PARTITION BY g ORDER BY id) AS third,
	avg(x) OVER (PARTITION BY g ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS mean FROM t');
CALL make_view('best', 'SELECT * FROM (SELECT g, id, x, row_number() OVER (PARTITION BY g ORDER BY x DESC, id) AS rn FROM t) s WHERE rn <= 3');
CALL make_view('best_ranks', 'SELECT g, id, x FROM (SELECT g, id, x, rank() OVER (PARTITION BY g ORDER BY x DESC) AS r FROM t) s WHERE r <= 2');
CALL make_view('all_in_one', 'SELECT id, x, row_number() OVER (ORDER BY x, id) AS rn, sum(x) OVER () AS total FROM t WHERE g < 3');
CALL make_view('group_ranks', 'SELECT g, sum(x) AS total, rank() OVER (ORDER BY sum(x) DESC, g) AS r FROM t GROUP BY g');
CALL make_view('share', 'SELECT g, s, count(*) AS n, sum(count(*)) OVER (PARTITION BY g) AS of_group, row_number() OVER (PARTITION BY g ORDER BY count(*) DESC, s) AS rn FROM t GROUP BY g, s');
CALL make_view('top_groups', 'SELECT g, max(x) AS hi, count(DISTINCT s) AS d FROM t GROUP BY g ORDER BY sum(x) DESC, g LIMIT 2');
CALL make_view('group_sizes', 'SELECT DISTINCT count(*) AS n FROM t GROUP BY g');
CALL make_view('sizes', 'SELECT n, count(*) AS groups, max(total) AS most FROM (SELECT g, s, count(*) AS n, sum(x) AS total FROM t GROUP BY g, s) c GROUP BY n');
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');

-- A key condition reads its partition only
EXPLAIN (COSTS OFF) SELECT * FROM numbered WHERE g = 3;
EXPLAIN (COSTS OFF) SELECT * FROM best WHERE g = 3;
EXPLAIN (COSTS OFF) SELECT * FROM group_ranks WHERE g = 3;		-- ranks are among all groups
SELECT * FROM best WHERE g = 3 ORDER BY rn;
SELECT * FROM best WHERE g = 3 AND rn = 2;
SELECT * FROM numbered WHERE g = 3 AND id < 30 ORDER BY rn;		-- numbers are those of the whole partition
SELECT * FROM group_ranks WHERE g = 3;

-- The best go, and others move up
DELETE FROM t WHERE id IN (SELECT id FROM best WHERE rn = 1);
SELECT * FROM best WHERE g = 3 ORDER BY rn;
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');
INSERT INTO t VALUES (1000, 3, 500, 's9'), (1001, 3, 500, 's9'), (1002, NULL, 1, NULL), (1003, NULL, NULL, 's1'), (1004, 3, NULL, NULL);
SELECT * FROM best WHERE g = 3 ORDER BY rn;
SELECT * FROM best_ranks WHERE g = 3 ORDER BY id;
SELECT * FROM best WHERE g IS NULL ORDER BY rn;
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');
SELECT folded('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');

-- Rows move between partitions, under savepoints
BEGIN;
UPDATE t SET g = 5 - g WHERE id % 3 = 0;
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');
SAVEPOINT a;
DELETE FROM t WHERE g = 2;
SELECT * FROM best WHERE g = 2;
SELECT * FROM top_groups ORDER BY g;
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');
INSERT INTO t VALUES (2000, 2, 7, 'back');
SELECT * FROM best WHERE g = 2;
ROLLBACK TO a;
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');
COMMIT;
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');

-- Cursors, and TRUNCATE within a savepoint
BEGIN;
DECLARE c1 CURSOR FOR SELECT * FROM best WHERE g = 1 ORDER BY rn;
DECLARE c2 CURSOR FOR SELECT * FROM group_ranks ORDER BY r;
FETCH 1 FROM c1;
DELETE FROM t WHERE g = 1 AND x > 10;
DECLARE c3 CURSOR FOR SELECT * FROM best WHERE g = 1 ORDER BY rn;
FETCH 1 FROM c2;
FETCH 1 FROM c3;
SAVEPOINT a;
TRUNCATE t;
INSERT INTO t VALUES (1, 1, 1, 's1');
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');
SELECT * FROM sizes;
FETCH ALL FROM c1;
FETCH 2 FROM c2;
ROLLBACK TO a;
FETCH ALL FROM c3;
FETCH ALL FROM c2;
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes');
ROLLBACK;

-- Peers without a total order are no matter where the function does not tell them apart
CREATE TABLE bag (g int, x int);
CALL make_view('of_bag', 'SELECT g, x, rank() OVER (PARTITION BY g ORDER BY x) AS r, count(*) OVER (PARTITION BY g ORDER BY x) AS c,
	row_number() OVER (PARTITION BY g ORDER BY x) AS rn FROM bag');
INSERT INTO bag SELECT i % 2, i % 3 FROM generate_series(1, 15) i;
SELECT same('of_bag');
DELETE FROM bag WHERE ctid IN (SELECT ctid FROM bag LIMIT 4);
SELECT same('of_bag');
SELECT * FROM of_bag WHERE g = 1 ORDER BY rn;

-- Two windows over different partitions: a condition on one of the keys must not narrow the other
CALL make_view('crossed', 'SELECT g, s, id, row_number() OVER (PARTITION BY g ORDER BY id) AS rg, row_number() OVER (PARTITION BY s ORDER BY id) AS rs FROM t');
SELECT same('crossed');
SELECT (SELECT array_agg(rs ORDER BY id) FROM crossed WHERE g = 1) =
	(SELECT array_agg(rs ORDER BY id) FROM (SELECT g, id, row_number() OVER (PARTITION BY s ORDER BY id) AS rs FROM t) q WHERE g = 1) AS same;
DELETE FROM t WHERE id < 20;
SELECT same('crossed');

-- Thousands of partitions in a statement, rebuilt, emptied
INSERT INTO t SELECT i, i % 2500, i % 11, 'm' || i % 3 FROM generate_series(5000, 12000) i;
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes', 'crossed');
SELECT ivm_fdw_rebuild('best') > 0, ivm_fdw_rebuild('numbered') > 0, ivm_fdw_rebuild('share') > 0, ivm_fdw_rebuild('sizes') > 0;
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes', 'crossed');
SELECT (SELECT count(*) FROM ivm_fdw_verify('best')), (SELECT count(*) FROM ivm_fdw_verify('running')), (SELECT count(*) FROM ivm_fdw_verify('sizes'));
DELETE FROM t;
SELECT all_same('numbered', 'ranked', 'running', 'best', 'best_ranks', 'all_in_one', 'group_ranks', 'share', 'top_groups', 'group_sizes', 'sizes', 'crossed');

SET client_min_messages = warning;
DROP TABLE t, bag CASCADE;
RESET client_min_messages;
