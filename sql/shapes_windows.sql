-- Windows, DISTINCT ON, top k: computed at reads over the kept rows.
SET client_min_messages = warning;
CREATE SCHEMA win;
SET search_path = win, public;
CREATE TABLE emp (id int PRIMARY KEY, dept text COLLATE "C", salary numeric(10,2), hired date, boss int);
INSERT INTO emp SELECT i, chr(97 + i % 3), (i * 7 % 10) * 100, date '2020-01-01' + i * 11 % 30, i / 3 FROM generate_series(1, 15) i;

-- windows
CALL make_view('ranks', $$SELECT dept, id, salary, row_number() OVER w AS rn, rank() OVER (PARTITION BY dept ORDER BY salary DESC) AS rk,
	dense_rank() OVER (PARTITION BY dept ORDER BY salary DESC) AS dr, sum(salary) OVER (PARTITION BY dept) AS total,
	lag(salary, 1, 0::numeric) OVER w AS before, first_value(id) OVER w AS top, salary - avg(salary) OVER (PARTITION BY dept) AS off
	FROM emp WINDOW w AS (PARTITION BY dept ORDER BY salary DESC, id)$$);
EXPLAIN (COSTS OFF) SELECT * FROM ranks WHERE dept = 'b';
SELECT * FROM ranks WHERE dept = 'b' ORDER BY rn;
UPDATE emp SET salary = 5000 WHERE id = 1;
SELECT dept, id, salary, rn, rk, dr, total, before, top FROM ranks WHERE dept = 'b' ORDER BY rn;
UPDATE emp SET dept = 'a' WHERE id = 1;
DELETE FROM emp WHERE id = 3;
INSERT INTO emp VALUES (20, NULL, 1, NULL, NULL), (21, NULL, NULL, NULL, NULL), (22, 'z', 300, '2020-01-01', 1);
SELECT same('ranks');
SELECT dept, id, rn, rk, total FROM ranks WHERE dept IS NULL ORDER BY rn;
SELECT count(*) FROM ranks WHERE id = 5;
BEGIN;
DELETE FROM emp WHERE dept = 'a';
SAVEPOINT s;
UPDATE emp SET salary = -salary;
SELECT same('ranks');
ROLLBACK TO s;
SELECT same('ranks');
ROLLBACK;
SELECT same('ranks');
-- over everything; frames; over groups
CALL make_view('running', $$SELECT id, sum(salary) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS last3, count(*) OVER () AS n,
	ntile(4) OVER (ORDER BY id) AS quarter, max(salary) OVER (ORDER BY hired RANGE BETWEEN '5 days' PRECEDING AND '5 days' FOLLOWING) AS near
	FROM emp$$);
CALL make_view('dept_rank', $$SELECT dept, sum(salary) AS total, max(hired) AS last, rank() OVER (ORDER BY sum(salary) DESC NULLS LAST), sum(count(*)) OVER (ORDER BY dept) AS upto
	FROM emp GROUP BY dept$$);
SELECT id, last3, n, quarter FROM running WHERE id < 5 ORDER BY id;
SELECT * FROM dept_rank ORDER BY rank;
UPDATE emp SET salary = salary + 1000, hired = hired + 3 WHERE dept = 'c';
DELETE FROM emp WHERE id = 4;
SELECT * FROM dept_rank ORDER BY rank;
SELECT same('running'), same('dept_rank'), same('ranks');

-- DISTINCT ON
CALL make_view('best', 'SELECT DISTINCT ON (dept) dept, id, salary FROM emp ORDER BY dept, salary DESC NULLS LAST, id');
CALL make_view('newest', 'SELECT DISTINCT ON (boss, dept) dept, boss, hired, id FROM emp WHERE salary > 0 ORDER BY dept, boss, hired DESC, id');
EXPLAIN (COSTS OFF) SELECT * FROM best WHERE dept = 'c';
SELECT * FROM best ORDER BY dept;
DELETE FROM emp WHERE id IN (SELECT id FROM best);
SELECT * FROM best ORDER BY dept;
INSERT INTO emp VALUES (30, 'c', 99999, '2021-01-01', 1), (31, NULL, 2, NULL, 1);
SELECT * FROM best ORDER BY dept;
SELECT same('best'), same('newest');

-- the first rows of all
CALL make_view('top3', 'SELECT id, dept, salary FROM emp ORDER BY salary DESC NULLS LAST, id LIMIT 3');
CALL make_view('next2', 'SELECT id, salary FROM emp WHERE dept <> ''z'' ORDER BY salary, id OFFSET 1 LIMIT 2');
CALL make_view('ties', 'SELECT id, salary FROM emp ORDER BY salary DESC NULLS LAST FETCH FIRST 2 ROWS WITH TIES');
CALL make_view('top_groups', 'SELECT dept, count(*), min(salary) FROM emp GROUP BY dept ORDER BY count(*) DESC, dept LIMIT 2');
CALL make_view('none', 'SELECT id FROM emp ORDER BY id LIMIT 0');
SELECT * FROM top3 ORDER BY salary DESC, id;
SELECT * FROM next2 ORDER BY salary, id;
SELECT * FROM ties ORDER BY id;
SELECT * FROM top_groups ORDER BY count DESC, dept;
-- a condition is applied to the three, not before
SELECT * FROM top3 WHERE dept = 'b';
DELETE FROM emp WHERE id = 30;
UPDATE emp SET salary = 1400 WHERE id IN (6, 8, 9, 10);
SELECT * FROM top3 ORDER BY salary DESC, id;
SELECT * FROM ties ORDER BY id;
SELECT * FROM top_groups ORDER BY count DESC, dept;
SELECT same('top3'), same('next2'), same('ties'), same('top_groups'), same('none');
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM top3 ORDER BY id;
UPDATE emp SET salary = 1 WHERE salary > 1000;
INSERT INTO emp VALUES (40, 'q', 2000, NULL, NULL);
SELECT * FROM top3 ORDER BY salary DESC, id;
FETCH ALL FROM c;
SELECT same('top3'), same('next2'), same('ties'), same('top_groups');
ROLLBACK;
SELECT same('top3'), same('ties');

-- the first rows of each group
CALL make_view('top2', $$SELECT dept, id, salary, nr FROM (SELECT dept, id, salary, row_number() OVER (PARTITION BY dept ORDER BY salary DESC NULLS LAST, id) AS nr FROM emp) x
	WHERE nr <= 2$$);
CALL make_view('rank1', $$SELECT * FROM (SELECT dept, id, salary, rank() OVER (PARTITION BY dept ORDER BY salary DESC NULLS LAST) AS nr FROM emp) x WHERE nr = 1$$);
EXPLAIN (COSTS OFF) SELECT * FROM top2 WHERE dept = 'a';
SELECT * FROM top2 ORDER BY dept, nr;
SELECT * FROM rank1 ORDER BY dept, id;
DELETE FROM emp WHERE id IN (SELECT id FROM top2 WHERE nr = 1);
UPDATE emp SET dept = 'b' WHERE id = 12;
SELECT * FROM top2 ORDER BY dept, nr;
SELECT same('top2'), same('rank1');

-- queries around groups; aggregates of aggregates
CALL make_view('of_groups', $$SELECT size, count(*) AS depts, max(total) AS best FROM (SELECT dept, count(*) AS size, sum(salary) AS total FROM emp GROUP BY dept) g GROUP BY size HAVING count(*) > 0$$);
CALL make_view('distinct_sums', 'SELECT DISTINCT count(*) FROM emp GROUP BY dept');
SELECT * FROM of_groups ORDER BY size;
INSERT INTO emp SELECT 100 + i, 'y', i, NULL, NULL FROM generate_series(1, 4) i;
SELECT * FROM of_groups ORDER BY size;
SELECT same('of_groups'), same('distinct_sums');

-- a wide partition
CREATE TABLE big (p int, v int, t text COLLATE "C");
CALL make_view('big_top', 'SELECT v, t FROM big ORDER BY v DESC, t LIMIT 5');
CALL make_view('big_ranks', 'SELECT p, v, row_number() OVER (PARTITION BY p ORDER BY v, t) AS nr, sum(v) OVER (PARTITION BY p ORDER BY v, t) AS upto FROM big');
INSERT INTO big SELECT i % 4, i % 1000, 't' || i FROM generate_series(1, 8000) i;
DELETE FROM big WHERE v = 999 AND p <> 3;
UPDATE big SET v = v + 1 WHERE v > 990;
SELECT * FROM big_top ORDER BY v DESC, t;
SELECT same('big_top'), same('big_ranks');
SELECT * FROM big_ranks WHERE p = 2 AND nr <= 2 ORDER BY nr;
SELECT ivm_fdw_rebuild('big_top'), ivm_fdw_rebuild('big_ranks');
DELETE FROM big WHERE v > 900;
SELECT same('big_top'), same('big_ranks');
SELECT v, (SELECT count(*) FROM ivm_fdw_verify(v::regclass)) AS wrong FROM unnest(ARRAY['big_top', 'big_ranks', 'ranks', 'best', 'top2', 'ties', 'of_groups', 'running']) v;

DROP SCHEMA win CASCADE;
RESET search_path;
