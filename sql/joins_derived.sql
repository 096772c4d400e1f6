-- Aggregates of another table that belong to a row: scalar subqueries, grouped subqueries in FROM.
SET client_min_messages = warning;
CREATE SCHEMA derived;
SET search_path = derived, public;
CREATE TABLE customers (id int PRIMARY KEY, name text COLLATE "C", region int);
CREATE TABLE orders (oid int, cid int, amount numeric, note text COLLATE "C");
CREATE TABLE calls (cid int, minutes int);
CREATE TABLE tags (k int, t text COLLATE "C");	-- a hub without a key
INSERT INTO customers VALUES (1, 'ann', 1), (2, 'bob', 1), (3, 'cy', NULL), (4, 'dee', 2);
INSERT INTO orders VALUES (1, 1, 10, 'a'), (2, 1, 150, 'b'), (3, 2, -5, 'c'), (4, NULL, 7, 'd'), (5, 4, 20, 'e'), (6, 4, 20, 'e'), (7, 9, 1, 'f');
INSERT INTO calls VALUES (1, 3), (1, 4), (4, NULL), (NULL, 1);
INSERT INTO tags VALUES (1, 'x'), (1, 'x'), (NULL, 'n'), (2, 'y'), (8, 'z');

CALL make_view('left_group', $$SELECT c.id, c.name, o.n, o.total, o.cid, o.some FROM customers c
	LEFT JOIN (SELECT cid, count(*) AS n, sum(amount) AS total, coalesce(max(note), '-') AS some FROM orders WHERE amount > 0 GROUP BY cid) o ON o.cid = c.id$$);
CALL make_view('inner_group', $$SELECT c.id, c.name, o.n, o.total FROM customers c
	JOIN (SELECT cid, count(*) AS n, sum(amount) AS total FROM orders GROUP BY cid HAVING sum(amount) > 0) o ON o.cid = c.id$$);
CALL make_view('scalar', $$SELECT c.id, c.name, (SELECT count(*) FROM orders o WHERE o.cid = c.id) AS n,
	(SELECT max(amount) FROM orders o WHERE o.cid = c.id AND amount < 100) AS m,
	(SELECT string_agg(note, ',' ORDER BY note) FROM orders o WHERE o.cid = c.id) AS notes,
	(SELECT count(DISTINCT amount) FROM orders o WHERE o.cid = c.id) + coalesce((SELECT sum(minutes) FROM calls WHERE cid = c.id), 0) AS mix
	FROM customers c$$);
CALL make_view('wanted', $$SELECT c.id, o.n FROM customers c LEFT JOIN (SELECT cid, count(*) AS n FROM orders GROUP BY cid) o ON o.cid = c.id
	WHERE coalesce(o.n, 0) < 2 AND c.id < 9 AND (SELECT count(*) FROM calls WHERE calls.cid = c.id) = 0$$);
CALL make_view('on_more', $$SELECT c.id, o.n, k.m FROM customers c LEFT JOIN (SELECT cid, count(*) AS n FROM orders GROUP BY cid) o ON o.cid = c.id AND o.n > 1 AND c.region = 1
	LEFT JOIN (SELECT cid, min(minutes) AS m FROM calls GROUP BY cid) k ON k.cid = c.id$$);
CALL make_view('sidelong', $$SELECT c.id, x.n, x.s FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n, sum(amount) AS s FROM orders o WHERE o.cid = c.id) x ON true$$);
CALL make_view('dupes', $$SELECT t.t, (SELECT count(*) FROM orders o WHERE o.cid = t.k) AS n, (SELECT sum(minutes) FROM calls WHERE cid = t.k) AS s FROM tags t$$);
CALL make_view('distinct_rows', $$SELECT DISTINCT c.region, (SELECT count(*) FROM orders o WHERE o.cid = c.id) AS n FROM customers c$$);
CALL make_view('top', $$SELECT c.id, o.total FROM customers c JOIN (SELECT cid, sum(amount) AS total FROM orders GROUP BY cid) o ON o.cid = c.id ORDER BY o.total DESC, c.id DESC LIMIT 2$$);
CALL make_view('ranks', $$SELECT c.id, rank() OVER (PARTITION BY c.region ORDER BY (SELECT count(*) FROM orders o WHERE o.cid = c.id) DESC) AS r FROM customers c$$);
CALL make_view('firsts', $$SELECT DISTINCT ON (c.region) c.region, c.id, (SELECT count(*) FROM calls WHERE cid = c.id) AS n FROM customers c ORDER BY c.region DESC, c.id DESC$$);
SELECT * FROM left_group ORDER BY id;
SELECT * FROM inner_group ORDER BY id;
SELECT * FROM scalar ORDER BY id;
SELECT * FROM wanted ORDER BY id;
SELECT * FROM on_more ORDER BY id;
SELECT * FROM sidelong ORDER BY id;
SELECT * FROM dupes ORDER BY t;
SELECT * FROM distinct_rows ORDER BY 1, 2;
SELECT * FROM top;
SELECT * FROM ranks ORDER BY id;
SELECT * FROM firsts ORDER BY 1;
SELECT * FROM all_of_schema();
-- conditions on keys reach the store
EXPLAIN (COSTS OFF) SELECT * FROM left_group WHERE id = 4;
SELECT * FROM left_group WHERE id = 4;
SELECT * FROM scalar WHERE id IN (2, 4) ORDER BY id;
-- a group emptied and refilled
DELETE FROM orders WHERE cid = 1;
SELECT * FROM all_of_schema();
SELECT * FROM left_group WHERE id = 1;
SELECT * FROM scalar WHERE id = 1;
INSERT INTO orders VALUES (11, 1, 99, 'r'), (12, 1, 101, 's'), (13, 3, 1.50, 't');
SELECT * FROM all_of_schema();
SELECT * FROM scalar WHERE id = 1;
-- both tables in one transaction, read before its end, with savepoints
BEGIN;
INSERT INTO customers VALUES (9, 'eve', 2);
UPDATE orders SET cid = 2 WHERE oid IN (4, 5);
INSERT INTO tags VALUES (4, 'x'), (1, 'x');
SELECT * FROM all_of_schema();
SAVEPOINT s;
DELETE FROM customers WHERE id = 1;
UPDATE customers SET id = id + 100 WHERE id = 2;
UPDATE orders SET cid = cid + 100 WHERE cid = 2;
INSERT INTO calls SELECT 102, i FROM generate_series(1, 3) i;
SELECT * FROM all_of_schema();
SELECT * FROM scalar WHERE id = 102;
ROLLBACK TO s;
SELECT * FROM all_of_schema();
COMMIT;
SELECT * FROM all_of_schema();
UPDATE tags SET k = NULL WHERE k = 1;
UPDATE calls SET cid = 3 WHERE cid IS NULL;
SELECT * FROM all_of_schema();
SELECT v, (SELECT count(*) FROM ivm_fdw_verify(v::regclass)) AS wrong
	FROM unnest(ARRAY['left_group', 'inner_group', 'scalar', 'wanted', 'on_more', 'sidelong', 'dupes', 'distinct_rows', 'top', 'ranks', 'firsts']) v;
SELECT part, item, how FROM ivm_fdw_check('SELECT c.id, (SELECT count(*) FROM orders o WHERE o.cid = c.id AND amount > 0) FROM customers c') WHERE part NOT IN ('read', 'table');
-- what is refused
CREATE FOREIGN TABLE bad (id int, m bigint) SERVER ivm OPTIONS (query 'SELECT c.id, (SELECT count(*) FROM orders) FROM customers c');
CREATE FOREIGN TABLE bad (id int, m bigint) SERVER ivm OPTIONS (query 'SELECT c.id, (SELECT count(*) FROM orders o WHERE o.cid < c.id) FROM customers c');
CREATE FOREIGN TABLE bad (id int, m bigint) SERVER ivm OPTIONS (query 'SELECT c.id, (SELECT count(*) FROM orders o, calls k WHERE o.cid = c.id AND k.cid = c.id) FROM customers c');
CREATE FOREIGN TABLE bad (id int, m bigint) SERVER ivm OPTIONS (query 'SELECT c.id, o.n FROM customers c JOIN (SELECT cid, note, count(*) AS n FROM orders GROUP BY cid, note) o ON o.cid = c.id');
CREATE FOREIGN TABLE bad (id int, m bigint) SERVER ivm OPTIONS (query 'SELECT c.id, (SELECT sum(o.oid + c.id) FROM orders o WHERE o.cid = c.id) FROM customers c');
DROP SCHEMA derived CASCADE;
RESET search_path;
