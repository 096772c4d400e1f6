-- UNION, UNION ALL, EXCEPT and INTERSECT.
CREATE SCHEMA setops;
SET search_path = setops, public;
CREATE TABLE a (x int, y numeric(6,2), t text);
CREATE TABLE b (x bigint, y numeric, t varchar(10));
CREATE TABLE c (x int, k int);
INSERT INTO a SELECT i % 10, i / 4.0, 't' || i % 3 FROM generate_series(1, 30) i;
INSERT INTO b SELECT i % 14, i / 4, 't' || i % 4 FROM generate_series(1, 30) i;
INSERT INTO c SELECT i, i % 5 FROM generate_series(1, 12) i;
CREATE FOREIGN TABLE all_rows (x bigint, y numeric, t text, src text) SERVER ivm OPTIONS (query
	$$SELECT x, y, t, 'a' FROM a UNION ALL SELECT x, y, t, 'b' FROM b WHERE y > 2 UNION ALL SELECT a.x, c.k, NULL, 'ac' FROM a JOIN c ON c.x = a.x$$, key 'x');
CREATE FOREIGN TABLE distinct_rows (x bigint, t text) SERVER ivm OPTIONS (query
	'SELECT x, t FROM a UNION SELECT x, t FROM b UNION ALL SELECT x, NULL FROM c');
CREATE FOREIGN TABLE except_rows (x bigint) SERVER ivm OPTIONS (query 'SELECT x FROM b EXCEPT SELECT x FROM a');
CREATE FOREIGN TABLE intersect_rows (x bigint, y numeric) SERVER ivm OPTIONS (query 'SELECT x, y FROM a INTERSECT SELECT x, y FROM b');
CREATE FOREIGN TABLE counted (x bigint, n bigint) SERVER ivm OPTIONS (query
	'SELECT x, count(*) FROM (SELECT x FROM a UNION ALL SELECT x FROM b) s GROUP BY x HAVING count(*) > 3');
CREATE FOREIGN TABLE highest (x bigint, y numeric) SERVER ivm OPTIONS (query
	'SELECT x, y FROM a UNION ALL SELECT x, y FROM b ORDER BY y DESC, x LIMIT 4');
CREATE FOREIGN TABLE twice (x int) SERVER ivm OPTIONS (query 'SELECT x FROM c UNION ALL SELECT k FROM c');
SELECT ivm_fdw_rebuild() > 0 AS built;
SELECT * FROM all_of_schema();
EXPLAIN (COSTS OFF) SELECT * FROM all_rows WHERE x = 3;
INSERT INTO a VALUES (13, 1.5, 'n'), (13, 1.5, 'n');
DELETE FROM b WHERE x = 12;
UPDATE c SET x = x + 1 WHERE k = 2;
SELECT * FROM all_of_schema();
BEGIN;
DELETE FROM a WHERE x < 4;
INSERT INTO b SELECT x, y, t FROM a WHERE x = 7;
SAVEPOINT s;
DELETE FROM b;
ROLLBACK TO s;
SELECT * FROM all_of_schema();
COMMIT;
SELECT * FROM all_of_schema();
TRUNCATE c;
SELECT ivm_fdw_rebuild() > 0 AS built;
SELECT * FROM all_of_schema();
\set VERBOSITY terse
CREATE FOREIGN TABLE bad (x int) SERVER ivm OPTIONS (query 'SELECT x FROM a EXCEPT ALL SELECT x FROM c');
CREATE FOREIGN TABLE bad (x int, n bigint) SERVER ivm OPTIONS (query 'SELECT x, count(*) FROM a GROUP BY x UNION ALL SELECT x, k FROM c');
CREATE FOREIGN TABLE bad (x int) SERVER ivm OPTIONS (query '(SELECT x FROM a EXCEPT SELECT x FROM c) UNION SELECT k FROM c');
CREATE FOREIGN TABLE bad (x int) SERVER ivm OPTIONS (query 'SELECT x FROM a UNION ALL SELECT 1');
\set VERBOSITY default
DROP SCHEMA setops CASCADE;
