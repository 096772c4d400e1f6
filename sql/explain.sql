-- EXPLAIN in every format; what the figures under ANALYZE count, and that little is read where little is asked for.
CREATE TABLE t (id int, g int, k text COLLATE "C", x int, note text);
INSERT INTO t SELECT i, i % 5, 'k' || i % 3, i FROM generate_series(1, 60) i;
CALL make_view('v', 'SELECT g, k, count(*) AS n, sum(x) AS s FROM t WHERE x > 5 GROUP BY g, k');

EXPLAIN (FORMAT TEXT, COSTS OFF) SELECT * FROM v WHERE g = 1 AND k > 'k0' AND n > 3;
EXPLAIN (FORMAT JSON, COSTS OFF) SELECT * FROM v WHERE g = 1 AND k > 'k0' AND n > 3;
EXPLAIN (FORMAT YAML, COSTS OFF) SELECT * FROM v WHERE g IN (1, 2) AND k = 'k0';
EXPLAIN (FORMAT XML, COSTS OFF) SELECT * FROM v WHERE g IS NULL;
EXPLAIN (FORMAT JSON, ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM v;
-- in the reader's names
EXPLAIN (COSTS OFF) SELECT * FROM v AS w (a, b) WHERE w.a = 1 AND w.b >= 'k1';
EXPLAIN (COSTS OFF, VERBOSE) SELECT w.s FROM v AS w WHERE w.g = 1;
-- live, and why; key conditions are inside the query
SET ivm_fdw.use_store = off;
EXPLAIN (FORMAT YAML, COSTS OFF) SELECT * FROM v WHERE g = 1 AND n > 3;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM v WHERE g = 1 AND n > 3;
RESET ivm_fdw.use_store;
BEGIN ISOLATION LEVEL SERIALIZABLE;
EXPLAIN (COSTS OFF) SELECT * FROM v WHERE g = 1;
COMMIT;
BEGIN;
ALTER TABLE t DISABLE TRIGGER ALL;
EXPLAIN (COSTS OFF) SELECT * FROM v;
ROLLBACK;
BEGIN;
CREATE FOREIGN TABLE young (n bigint) SERVER ivm OPTIONS (query 'SELECT count(*) FROM t');
EXPLAIN (COSTS OFF) SELECT * FROM young;
ROLLBACK;

-- Rows whose relevant columns did not change cost no delta; others one a group
CREATE FUNCTION merged(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		IF line ~ 'Pending' THEN
			RETURN trim(line);
		END IF;
	END LOOP;
	RETURN 'live';
END $$;
BEGIN;
UPDATE t SET note = 'of no interest';
UPDATE t SET g = g, k = k, x = x;
UPDATE t SET id = id + 1;
INSERT INTO t VALUES (100, 1, 'k1', 1);		-- WHERE leaves it out
UPDATE t SET x = x + 1, g = 2 WHERE id = 100;
DELETE FROM t WHERE id = 100;
SELECT merged('SELECT * FROM v');
UPDATE t SET x = x + 1 WHERE g = 1 AND k = 'k1';
SELECT merged('SELECT * FROM v');
UPDATE t SET x = x + 1 WHERE g = 1;
SELECT merged('SELECT * FROM v'), merged('SELECT * FROM v WHERE g = 1'), merged('SELECT * FROM v WHERE g = 2'),
	merged('SELECT * FROM v WHERE g = 1 AND k = ''k1''');
UPDATE t SET x = x - 1 WHERE g = 1;
SELECT same('v');
ROLLBACK;
SELECT merged('SELECT * FROM v');

-- Columns are computed for the rows that are shown, where they are asked for
CREATE FUNCTION told(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'computed for %', $1; RETURN $1; END $$;
CREATE FOREIGN TABLE tell (x int, n bigint, c int) SERVER ivm OPTIONS (query 'SELECT x, count(*), told(x) FROM t GROUP BY x');
SELECT ivm_fdw_rebuild('tell');
SELECT c FROM tell WHERE x = 6;
SELECT x, c FROM tell ORDER BY x LIMIT 2;
SELECT x FROM tell ORDER BY x LIMIT 2;
SELECT count(n) FROM tell;
SELECT count(*) FROM tell WHERE c < 0 AND x IN (7, 8);
BEGIN;
DECLARE steps CURSOR FOR SELECT c FROM tell ORDER BY x;
FETCH 1 FROM steps;
MOVE 1 FROM steps;
FETCH 1 FROM steps;
COMMIT;
SET ivm_fdw.use_store = off;
SELECT c FROM tell WHERE x = 6;
SELECT x FROM tell ORDER BY x LIMIT 2;
RESET ivm_fdw.use_store;

SET client_min_messages = warning;
DROP TABLE t CASCADE;
DROP FUNCTION merged, told;
