-- What a transaction reads of its own changes, and what remains of them.
CREATE TABLE t (id serial, g int, x int);
INSERT INTO t (g, x) SELECT i % 5, i FROM generate_series(1, 50) i;
CALL make_view('v', 'SELECT g, count(*) AS n, sum(x) AS s FROM t GROUP BY g');

-- Statements, savepoints nested and rolled back
BEGIN;
INSERT INTO t (g, x) VALUES (1, 1000);
SELECT * FROM v WHERE g = 1;
SAVEPOINT a;
INSERT INTO t (g, x) VALUES (1, 10000), (6, 6);
SAVEPOINT b;
DELETE FROM t WHERE g = 2;
SELECT same('v');
ROLLBACK TO b;
SELECT same('v');
UPDATE t SET g = 7 WHERE g = 3;
RELEASE b;
SELECT same('v');
ROLLBACK TO a;
SELECT same('v');
SELECT * FROM v ORDER BY g;
COMMIT;
SELECT same('v');
BEGIN;
DELETE FROM t;
SELECT same('v');
ROLLBACK;
SELECT same('v');

-- More subtransactions than a snapshot holds; each its own group
BEGIN;
DO $$
BEGIN
	FOR i IN 1 .. 100 LOOP
		BEGIN
			INSERT INTO t (g, x) VALUES (100 + i, i);
			IF i % 3 = 0 THEN
				RAISE EXCEPTION 'undo';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END $$;
SELECT same('v'), (SELECT count(*) FROM v WHERE g > 100);
COMMIT;
SELECT same('v'), (SELECT count(*) FROM v WHERE g > 100);

-- Cursors see what was there when they were opened
BEGIN;
DECLARE early CURSOR FOR SELECT * FROM v WHERE g < 3 ORDER BY g;
UPDATE t SET x = x + 1;
DECLARE late CURSOR FOR SELECT * FROM v WHERE g < 3 ORDER BY g;
FETCH 1 FROM early;
DELETE FROM t WHERE g < 3;
FETCH ALL FROM early;
FETCH ALL FROM late;
SELECT same('v');
SAVEPOINT a;
INSERT INTO t (g, x) VALUES (0, 5);
DECLARE inner_cursor CURSOR FOR SELECT * FROM v WHERE g = 0;
ROLLBACK TO a;
DECLARE outer_cursor CURSOR FOR SELECT * FROM v WHERE g = 0;
INSERT INTO t (g, x) VALUES (0, 6);
FETCH ALL FROM outer_cursor;
ROLLBACK;
-- held over a commit
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT * FROM v WHERE g < 2 ORDER BY g;
DELETE FROM t WHERE g = 1;
COMMIT;
FETCH ALL FROM held;
CLOSE held;
SELECT same('v');
-- scrolled
BEGIN;
DECLARE scrolled SCROLL CURSOR FOR SELECT g FROM v WHERE g < 4 ORDER BY g;
FETCH ALL FROM scrolled;
FETCH BACKWARD 2 FROM scrolled;
FETCH ABSOLUTE 1 FROM scrolled;
COMMIT;

-- Exception blocks, and functions of each volatility
DO $$
BEGIN
	INSERT INTO t (g, x) VALUES (8, 1);
	BEGIN
		INSERT INTO t (g, x) VALUES (8, 2);
		RAISE NOTICE 'inside: %', same('v');
		PERFORM 1 / 0;
	EXCEPTION WHEN division_by_zero THEN
		RAISE NOTICE 'after: %', same('v');
	END;
	RAISE NOTICE 'group 8: %', (SELECT (n, s) FROM v WHERE g = 8);
END $$;
CREATE FUNCTION stable_sum(int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT s FROM v WHERE g = $1';
CREATE FUNCTION volatile_sum(int) RETURNS bigint LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN (SELECT s FROM v WHERE g = $1); END';
WITH w AS (INSERT INTO t (g, x) VALUES (8, 100) RETURNING g)
	SELECT stable_sum(g), volatile_sum(g), (SELECT s FROM v WHERE v.g = w.g) FROM w;
SELECT stable_sum(8), volatile_sum(8);

-- Procedures that commit
CREATE PROCEDURE steps() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 4 LOOP
		INSERT INTO t (g, x) VALUES (9, i);
		IF i % 2 = 0 THEN
			ROLLBACK;
		ELSE
			COMMIT;
		END IF;
		RAISE NOTICE '%: %', i, same('v');
	END LOOP;
END $$;
CALL steps();
SELECT * FROM v WHERE g = 9;

-- Isolation levels
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO t (g, x) VALUES (10, 1);
SELECT same('v');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO t (g, x) VALUES (10, 2);
SELECT same('v');
COMMIT;
SELECT same('v');

-- Prepared transactions
BEGIN;
INSERT INTO t (g, x) VALUES (11, 1);
UPDATE t SET x = x + 1 WHERE g = 10;
SELECT same('v');
PREPARE TRANSACTION 'one';
SELECT same('v'), (SELECT n FROM v WHERE g = 11);
BEGIN;
INSERT INTO t (g, x) VALUES (11, 2);
PREPARE TRANSACTION 'two';
INSERT INTO t (g, x) VALUES (11, 4);
SELECT * FROM v WHERE g = 11;
COMMIT PREPARED 'one';
SELECT * FROM v WHERE g = 11;
SELECT same('v');
ROLLBACK PREPARED 'two';
SELECT * FROM v WHERE g = 11;
SELECT same('v');

-- Rebuild inside: after writes, before writes, rolled back
BEGIN;
INSERT INTO t (g, x) VALUES (12, 1);
SELECT ivm_fdw_rebuild('v') > 0;
SELECT same('v');
INSERT INTO t (g, x) VALUES (12, 2);
SELECT same('v');
SAVEPOINT a;
DELETE FROM t WHERE g = 12;
SELECT ivm_fdw_rebuild('v') > 0;
SELECT same('v');
ROLLBACK TO a;
SELECT same('v');
SELECT * FROM v WHERE g = 12;
COMMIT;
SELECT * FROM v WHERE g = 12;
SELECT same('v');
BEGIN;
DELETE FROM t WHERE g = 12;
SELECT ivm_fdw_rebuild('v') > 0;
ROLLBACK;
SELECT same('v');

-- A group emptied and filled again; asynchronous commit; two views of one table
SET synchronous_commit = off;
DELETE FROM t WHERE g = 12;
SELECT same('v');
INSERT INTO t (g, x) VALUES (12, NULL);
SELECT * FROM v WHERE g = 12;
RESET synchronous_commit;
CALL make_view('one_row', 'SELECT count(*) AS n, sum(x) AS s, avg(x) AS a FROM t WHERE x > 10');
DELETE FROM t WHERE g <> 12;
SELECT same('v'), same('one_row');
SELECT * FROM one_row;
DELETE FROM t;
SELECT same('v'), same('one_row');

-- More changes than the transaction may remember: the view is rebuilt after it
SET ivm_fdw.overlay_limit = '64kB';
BEGIN;
INSERT INTO t (g, x) SELECT i, i FROM generate_series(1, 20000) i;
SELECT same('v', false);
COMMIT;
SELECT same('v', false);
RESET ivm_fdw.overlay_limit;
SELECT ivm_fdw_rebuild('v');
SELECT same('v');

SELECT count(*) FROM ivm_fdw_verify('v');
SET client_min_messages = warning;
DROP TABLE t CASCADE;
DROP FUNCTION stable_sum, volatile_sum;
DROP PROCEDURE steps;
