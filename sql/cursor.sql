-- Cursors over views: each sees what its snapshot saw when it was opened.
CREATE TABLE t (a int, b int);
INSERT INTO t SELECT i % 10, i FROM generate_series(1, 100) i;
CALL make_view('v', 'SELECT a, count(*) AS n, sum(b) AS s FROM t GROUP BY a');

-- Opened, partly read, and overtaken by changes of every kind
BEGIN;
DECLARE c1 CURSOR FOR SELECT * FROM v ORDER BY a;
DECLARE lazy CURSOR FOR SELECT * FROM v WHERE a >= 8 ORDER BY a;
FETCH 2 FROM c1;
INSERT INTO t VALUES (2, 1000), (20, 20);
DELETE FROM t WHERE a = 5;
UPDATE t SET a = 30 WHERE a = 7;
DECLARE c2 CURSOR FOR SELECT * FROM v WHERE a IN (2, 5, 7, 20, 30) ORDER BY a;
FETCH 1 FROM c2;
DELETE FROM t;
FETCH ALL FROM c1;
FETCH ALL FROM c2;
FETCH ALL FROM lazy;
SELECT count(*) FROM v;
ROLLBACK;

-- Changes before the cursor, more after it, undone under it
BEGIN;
INSERT INTO t VALUES (3, 1000);
SAVEPOINT a;
INSERT INTO t VALUES (4, 1000);
DECLARE c CURSOR FOR SELECT * FROM v WHERE a BETWEEN 3 AND 5 ORDER BY a;
SAVEPOINT b;
INSERT INTO t VALUES (5, 1000);
FETCH 1 FROM c;
ROLLBACK TO b;
FETCH 1 FROM c;
INSERT INTO t VALUES (5, 2000);
FETCH ALL FROM c;
ROLLBACK TO a;
SELECT * FROM v WHERE a BETWEEN 3 AND 5 ORDER BY a;
COMMIT;
SELECT same('v');
DELETE FROM t WHERE b = 1000;

-- First read only after changes and their undoing
BEGIN;
INSERT INTO t VALUES (6, 1);
DECLARE c SCROLL CURSOR FOR SELECT * FROM v WHERE a = 6;
SAVEPOINT a;
UPDATE t SET b = b + 1;
FETCH c;
ROLLBACK TO a;
MOVE BACKWARD ALL FROM c;
FETCH c;
CLOSE c;
SELECT * FROM v WHERE a = 6;
ROLLBACK;

-- Scrolling, and holding beyond the transaction
BEGIN;
DECLARE s SCROLL CURSOR FOR SELECT a, n FROM v ORDER BY a;
FETCH 3 FROM s;
UPDATE t SET a = a + 1;
FETCH BACKWARD 2 FROM s;
FETCH LAST FROM s;
FETCH ABSOLUTE 2 FROM s;
DECLARE h CURSOR WITH HOLD FOR SELECT a, n FROM v WHERE a > 8 ORDER BY a;
DELETE FROM t WHERE a = 10;
COMMIT;
FETCH ALL FROM h;
CLOSE h;
SELECT same('v');

-- Live cursors
BEGIN;
SET LOCAL ivm_fdw.use_store = off;
DECLARE c CURSOR FOR SELECT a, n FROM v WHERE a < 4 ORDER BY a;
FETCH 1 FROM c;
DELETE FROM t;
FETCH ALL FROM c;
ROLLBACK;

-- Loops of functions are cursors, here over a view whose table they change
DO $$
DECLARE
	r record;
	seen text := '';
BEGIN
	FOR r IN SELECT * FROM v WHERE a < 5 ORDER BY a LOOP
		seen := seen || format('%s:%s ', r.a, r.n);
		UPDATE t SET a = a + 1 WHERE a = r.a;
		INSERT INTO t VALUES (r.a, 0);
	END LOOP;
	RAISE NOTICE '%', seen;
END $$;
SELECT * FROM v WHERE a < 6 ORDER BY a;
SELECT same('v');

-- A procedure that commits while it loops
CREATE PROCEDURE walk() LANGUAGE plpgsql AS $$
DECLARE
	r record;
	n int := 0;
BEGIN
	FOR r IN SELECT * FROM v ORDER BY a LOOP
		INSERT INTO t VALUES (r.a + 100, n);
		n := n + 1;
		COMMIT;
	END LOOP;
	RAISE NOTICE '% rows', n;
END $$;
CALL walk();
SELECT same('v');

-- Long scans in small steps, over more than one batch, under changes
CREATE TABLE big (g int, x int);
INSERT INTO big SELECT i, i FROM generate_series(1, 20000) i;
CALL make_view('wide', 'SELECT g, count(*) AS n, sum(x) AS s FROM big GROUP BY g');
BEGIN;
UPDATE big SET x = x + 1 WHERE g % 2 = 0;
DECLARE c CURSOR FOR SELECT * FROM wide ORDER BY g;
MOVE 5000 FROM c;
DELETE FROM big WHERE g > 5000;
INSERT INTO big SELECT i, 1 FROM generate_series(4000, 30000) i;
FETCH 2 FROM c;
MOVE 9998 FROM c;
FETCH 2 FROM c;
MOVE ALL FROM c;
COMMIT;
SELECT same('wide');
DROP PROCEDURE walk;
DROP FOREIGN TABLE v, wide;
DROP TABLE t, big;
