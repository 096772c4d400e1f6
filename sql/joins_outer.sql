-- Outer joins, EXISTS and IN: rows with counts of their matches.
CREATE SCHEMA joins_outer;
SET search_path = joins_outer, public;
CREATE TABLE c (id int, name text, region int);
CREATE TABLE o (oid serial PRIMARY KEY, cid int, amount numeric);
CREATE TABLE r (oid int, why text);
INSERT INTO c SELECT i, 'c' || i, i % 3 FROM generate_series(1, 20) i;
INSERT INTO o (cid, amount) SELECT 1 + i % 30, i FROM generate_series(1, 60) i;
INSERT INTO r SELECT i * 3, 'w' || i FROM generate_series(1, 15) i;

CREATE FOREIGN TABLE a_left (oid int, amount numeric, name text) SERVER ivm OPTIONS (query
	'SELECT o.oid, o.amount, c.name FROM o LEFT JOIN c ON c.id = o.cid', key 'oid');
CREATE FOREIGN TABLE b_two (oid int, name text, why text) SERVER ivm OPTIONS (query
	$$SELECT o.oid, c.name, r.why FROM o LEFT JOIN c ON c.id = o.cid LEFT JOIN r ON r.oid = o.oid AND r.why <> 'w3'$$);
CREATE FOREIGN TABLE c_anti (oid int) SERVER ivm OPTIONS (query
	'SELECT o.oid FROM o LEFT JOIN c ON c.id = o.cid WHERE c.id IS NULL');
CREATE FOREIGN TABLE d_exists (oid int, amount numeric) SERVER ivm OPTIONS (query
	'SELECT o.oid, o.amount FROM o WHERE EXISTS (SELECT 1 FROM c WHERE c.id = o.cid AND c.region = 1)
	 AND NOT EXISTS (SELECT 1 FROM r WHERE r.oid = o.oid)');
CREATE FOREIGN TABLE e_in (oid int) SERVER ivm OPTIONS (query
	'SELECT oid FROM o WHERE cid IN (SELECT id FROM c WHERE region < 2)');
CREATE FOREIGN TABLE f_grouped (region int, n bigint, total numeric, names text) SERVER ivm OPTIONS (query
	$$SELECT c.region, count(*), sum(o.amount), string_agg(c.name, ',' ORDER BY c.name) FROM o LEFT JOIN c ON c.id = o.cid GROUP BY c.region HAVING count(*) > 2$$);
CREATE FOREIGN TABLE g_right (name text, oid int, named text) SERVER ivm OPTIONS (query
	$$SELECT c.name, o.oid, coalesce(c.name, 'none') FROM o RIGHT JOIN c ON c.id = o.cid$$);
CREATE FOREIGN TABLE h_chain (id int, oid int, why text) SERVER ivm OPTIONS (query
	'SELECT c.id, o.oid, r.why FROM c LEFT JOIN o ON o.cid = c.id LEFT JOIN r ON r.oid = o.oid');
CREATE FOREIGN TABLE i_mixed (oid int, name text) SERVER ivm OPTIONS (query
	$$SELECT o.oid, c.name FROM o JOIN r ON r.oid = o.oid LEFT JOIN c ON c.id = o.cid WHERE r.why > 'w1' AND coalesce(c.region, 1) = 1$$);
CREATE FOREIGN TABLE j_full (oid int, id int, name text) SERVER ivm OPTIONS (query
	'SELECT o.oid, c.id, c.name FROM o FULL JOIN c ON c.id = o.cid AND o.amount > 10');
CREATE FOREIGN TABLE k_strict (oid int, name text) SERVER ivm OPTIONS (query
	$$SELECT o.oid, c.name FROM o LEFT JOIN c ON c.id = o.cid WHERE c.name > 'c1'$$);
CREATE FOREIGN TABLE l_self (a int, b int) SERVER ivm OPTIONS (query
	'SELECT x.oid, y.oid FROM o x LEFT JOIN o y ON y.cid = x.cid AND y.oid > x.oid');
SELECT ivm_fdw_rebuild() > 0 AS built;

SELECT * FROM all_of_schema();

-- a match comes, twice, and goes
INSERT INTO c VALUES (25, 'new', 1);
SELECT * FROM a_left WHERE oid = 24;
INSERT INTO c VALUES (25, 'again', 2);
SELECT * FROM a_left WHERE oid = 24 ORDER BY name;
SELECT * FROM all_of_schema();
DELETE FROM c WHERE name = 'new';
SELECT * FROM a_left WHERE oid = 24;
DELETE FROM c WHERE name = 'again';
SELECT * FROM a_left WHERE oid = 24;
SELECT * FROM all_of_schema();

DELETE FROM c WHERE id < 5;
UPDATE o SET cid = 3 WHERE oid < 10;
INSERT INTO r VALUES (5, 'x'), (5, 'y');
DELETE FROM r WHERE oid = 9;
SELECT * FROM all_of_schema();

-- all sides in one transaction; null join columns; duplicates
BEGIN;
INSERT INTO c VALUES (3, 'q', 1), (NULL, 'null', 1), (10, 'c10', 1);
INSERT INTO o (cid, amount) VALUES (3, 5), (77, 8), (NULL, 9);
UPDATE o SET cid = 25 WHERE oid IN (20, 21);
DELETE FROM r WHERE oid > 20;
COMMIT;
SELECT * FROM all_of_schema();
BEGIN;
DELETE FROM c WHERE id = 10;
SAVEPOINT s;
DELETE FROM c;
ROLLBACK TO s;
COMMIT;
SELECT * FROM all_of_schema();
UPDATE c SET region = 2 - region WHERE id > 8;
SELECT * FROM all_of_schema();

TRUNCATE r;
SELECT ivm_fdw_rebuild() > 0 AS built;
SELECT * FROM all_of_schema();

SELECT part, item, how FROM ivm_fdw_check('SELECT o.oid, c.name FROM o LEFT JOIN c ON c.id = o.cid') WHERE part <> 'table';
EXPLAIN (COSTS OFF) SELECT * FROM f_grouped WHERE region = 1;

-- refused
\set VERBOSITY terse
CREATE FOREIGN TABLE bad (oid int) SERVER ivm OPTIONS (query 'SELECT oid FROM o WHERE cid NOT IN (SELECT id FROM c)');
CREATE FOREIGN TABLE bad (oid int) SERVER ivm OPTIONS (query 'SELECT oid FROM o WHERE amount > (SELECT max(region) FROM c)');
CREATE FOREIGN TABLE bad (x jsonb) SERVER ivm OPTIONS (query 'SELECT to_jsonb(c) FROM o LEFT JOIN c ON c.id = o.cid');
CREATE FOREIGN TABLE bad (oid int) SERVER ivm OPTIONS (query 'SELECT o.oid FROM o LEFT JOIN (c LEFT JOIN r ON r.oid = c.id) ON c.id = o.cid');
\set VERBOSITY default
DROP SCHEMA joins_outer CASCADE;
