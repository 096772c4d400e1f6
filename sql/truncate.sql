-- TRUNCATE and what may follow it in the same transaction.
CREATE TABLE t (g int, x int);
INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) i;
CALL make_view('v', 'SELECT g, count(*) AS n, sum(x) AS s FROM t GROUP BY g');

-- Rows that are frozen at once have no command of their own
BEGIN;
INSERT INTO t VALUES (7, 7);
TRUNCATE t;
COPY t FROM stdin (FREEZE);
1	1
2	2
\.
SELECT same('v');
INSERT INTO t VALUES (1, 10);
SELECT same('v');
COMMIT;
SELECT same('v');
SELECT * FROM v ORDER BY g;

-- Twice, the second time in place; cursors from before each
BEGIN;
DECLARE a CURSOR FOR SELECT * FROM v ORDER BY g;
FETCH 1 FROM a;
TRUNCATE t;
INSERT INTO t VALUES (4, 4);
DECLARE b CURSOR FOR SELECT * FROM v ORDER BY g;
DECLARE c CURSOR FOR SELECT * FROM v ORDER BY g;
FETCH 1 FROM c;
TRUNCATE t;
INSERT INTO t VALUES (5, 5);
FETCH ALL FROM a;	-- what it saw when it was opened
FETCH ALL FROM c;
SELECT same('v');
COMMIT;
SELECT same('v');

-- Undone, with and without rows that came after
BEGIN;
INSERT INTO t VALUES (6, 6);
SAVEPOINT a;
TRUNCATE t;
SAVEPOINT b;
INSERT INTO t VALUES (7, 7);
TRUNCATE t;
COPY t FROM stdin;
8	8
\.
SELECT same('v');
ROLLBACK TO b;
SELECT same('v');
INSERT INTO t VALUES (9, 9);
ROLLBACK TO a;
SELECT same('v');
INSERT INTO t VALUES (6, 60);
COMMIT;
SELECT same('v');
SELECT * FROM v ORDER BY g;

-- A table and its view made in the same transaction
BEGIN;
CREATE TABLE young (g int);
CREATE FOREIGN TABLE young_view (g int, n bigint) SERVER ivm OPTIONS (query 'SELECT g, count(*) FROM young GROUP BY g');
COPY young FROM stdin (FREEZE);
1
2
\.
SELECT same('young_view', false);
TRUNCATE young;
SELECT same('young_view', false);
COPY young FROM stdin (FREEZE);
3
\.
SELECT same('young_view', false);
COMMIT;
SELECT same('young_view', false);
SELECT ivm_fdw_rebuild('young_view');
SELECT same('young_view');

DROP TABLE t, young CASCADE;
