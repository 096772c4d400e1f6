-- Trees of tables: partitions and children come and go, triggers follow them.
CREATE SCHEMA tree;
SET search_path = tree, public;

-- capture triggers of a table, and whether they are other ones than at the last call
CREATE TABLE seen (base oid PRIMARY KEY, trigger oid);
CREATE FUNCTION triggers_of(b regclass) RETURNS text LANGUAGE sql AS $$
	WITH now AS (SELECT string_agg(substr(tgname::text, 10, 4) || ' ' || tgenabled::text, ', ' ORDER BY tgname) AS t,
			min(oid) AS trigger FROM pg_trigger WHERE tgrelid = b AND tgisinternal AND tgname LIKE '!%'),
		old AS (SELECT trigger FROM seen WHERE base = b),
		put AS (INSERT INTO seen SELECT b, trigger FROM now ON CONFLICT (base) DO UPDATE SET trigger = excluded.trigger)
	SELECT coalesce(t, 'none') || CASE WHEN now.trigger = (SELECT trigger FROM old) THEN ', the same' ELSE '' END FROM now $$;
-- rebuild and compare
CREATE FUNCTION rebuilt(view regclass) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM ivm_fdw_rebuild(view);
	RETURN same(view);
END $$;

CREATE TABLE p (k int, r int, x numeric, CHECK (x > 0)) PARTITION BY LIST (r);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2) PARTITION BY RANGE (k);
CREATE TABLE p21 PARTITION OF p2 FOR VALUES FROM (0) TO (10);
CREATE TABLE p22 (x numeric, gone int, k int, r int, CONSTRAINT p_x_check CHECK (x > 0));	-- other column numbers
ALTER TABLE p22 DROP COLUMN gone;
CREATE TABLE dflt PARTITION OF p DEFAULT;
INSERT INTO p SELECT i % 10, i % 4, i FROM generate_series(1, 40) i;
CREATE FOREIGN TABLE v (r int, n bigint, s numeric) SERVER ivm OPTIONS (query 'SELECT r, count(*), sum(x) FROM p WHERE k < 100 GROUP BY r');
CREATE FOREIGN TABLE v2 (k int, s numeric) SERVER ivm OPTIONS (query 'SELECT k, sum(x) FROM p2 GROUP BY k');
SELECT t, triggers_of(t) FROM unnest('{p,p1,p2,p21,p22,dflt}'::regclass[]) t;
SELECT rebuilt('v'), rebuilt('v2');

-- writes through the root, through a partition, across partitions
INSERT INTO p VALUES (3, 1, 0.5), (4, 2, 0.25), (5, 9, 9);
INSERT INTO p21 VALUES (4, 2, 100);
UPDATE p SET r = 2 WHERE r = 1 AND k = 3;
UPDATE p SET r = r + 1, k = 1 WHERE r = 0;
DELETE FROM p1 WHERE k = 5;
COPY p FROM stdin;
1	1	7
2	2	7
\.
SELECT same('v'), same('v2');

-- ATTACH, DETACH, ATTACH again
INSERT INTO p22 VALUES (5, 10, 2), (6, 11, 2);
ALTER TABLE p2 ATTACH PARTITION p22 FOR VALUES FROM (10) TO (20);
SELECT triggers_of('p22'), triggers_of('p21');
SELECT same('v', false), rebuilt('v'), rebuilt('v2');
INSERT INTO p VALUES (12, 2, 12);
UPDATE p22 SET x = x + 1, k = k + 1;
SELECT same('v'), same('v2');
ALTER TABLE p2 DETACH PARTITION p22;
SELECT triggers_of('p22');
SELECT same('v', false), same('v2', false);
INSERT INTO p22 VALUES (1000, 12, 2);
ALTER TABLE p2 ATTACH PARTITION p22 FOR VALUES FROM (10) TO (20);
SELECT triggers_of('p22');
SELECT same('v', false), rebuilt('v'), rebuilt('v2');
ALTER TABLE p2 DETACH PARTITION p22 CONCURRENTLY;

-- within one transaction, with writes before, between and after
BEGIN;
INSERT INTO p VALUES (13, 2, 1);
SELECT same('v'), same('v2');
ALTER TABLE p2 DETACH PARTITION p22;
SELECT same('v', false), same('v2', false);
INSERT INTO p22 VALUES (3, 14, 2);
SAVEPOINT s;
ALTER TABLE p2 ATTACH PARTITION p22 FOR VALUES FROM (10) TO (20);
INSERT INTO p VALUES (15, 2, 1);
SELECT same('v', false), same('v2', false);
SELECT ivm_fdw_rebuild('v2');
SELECT same('v', false), same('v2', false);
ROLLBACK TO s;
SELECT same('v', false), same('v2', false);
COMMIT;
SELECT same('v', false), same('v2', false), rebuilt('v'), rebuilt('v2');
BEGIN;
INSERT INTO p21 VALUES (3, 2, 1);
ALTER TABLE p2 ATTACH PARTITION p22 FOR VALUES FROM (10) TO (20);
ROLLBACK;
SELECT triggers_of('p22'), same('v'), same('v2');

-- a whole subtree
ALTER TABLE p DETACH PARTITION p2;
SELECT t, triggers_of(t) FROM unnest('{p21,p22}'::regclass[]) t;	-- p21 is still v2's
SELECT same('v', false), same('v2', false);
INSERT INTO p2 VALUES (7, 2, 7);
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2);
SELECT triggers_of('p21');
SELECT same('v', false), same('v2', false), rebuilt('v'), rebuilt('v2');

-- new partitions, however they come
CREATE TABLE p3 PARTITION OF p FOR VALUES IN (30);
CREATE SCHEMA tree2 CREATE TABLE p4 PARTITION OF tree.p FOR VALUES IN (40);
DO $$ BEGIN EXECUTE 'CREATE TABLE p5 PARTITION OF p FOR VALUES IN (50)'; END $$;
CREATE TABLE p6 PARTITION OF p FOR VALUES IN (60) PARTITION BY LIST (k);
CREATE TABLE p61 PARTITION OF p6 DEFAULT;
PREPARE another AS INSERT INTO p VALUES (1, $1, 1);
SELECT t, triggers_of(t) FROM unnest('{p3,tree2.p4,p5,p6,p61}'::regclass[]) t;
SELECT rebuilt('v');
EXECUTE another(30);
EXECUTE another(60);
INSERT INTO p SELECT 1, g, 1 FROM generate_series(30, 60, 10) g;
SELECT same('v');

-- partitions are dropped, truncated
DROP TABLE p5;
SELECT same('v', false), rebuilt('v');
BEGIN;
INSERT INTO p3 VALUES (1, 30, 30);
DROP TABLE p3;
SELECT same('v', false);
SELECT ivm_fdw_rebuild('v');
SELECT same('v', false);
COMMIT;
SELECT same('v', false), rebuilt('v');
TRUNCATE p21;
SELECT same('v', false), same('v2', false), rebuilt('v'), rebuilt('v2');
BEGIN;
INSERT INTO p VALUES (5, 2, 5), (5, 1, 5);
TRUNCATE p1;
INSERT INTO p VALUES (6, 1, 6);
SELECT same('v', false);
ROLLBACK;
SELECT same('v');
TRUNCATE p;
SELECT same('v', false), same('v2', false);
INSERT INTO p SELECT i % 10, i % 4, i FROM generate_series(1, 40) i;
SELECT same('v', false), rebuilt('v'), rebuilt('v2');

-- triggers are disabled, enabled, dropped, renamed
SELECT triggers_of('p1');
ALTER TABLE p1 DISABLE TRIGGER USER;
SELECT triggers_of('p1');
ALTER TABLE p1 DISABLE TRIGGER ALL;
SELECT triggers_of('p1');
INSERT INTO p VALUES (8, 1, 8);
SELECT same('v');
SELECT ivm_fdw_rebuild('v');
SELECT same('v');
ALTER TABLE p1 ENABLE TRIGGER ALL;
SELECT triggers_of('p1');
SELECT same('v', false), rebuilt('v');
BEGIN;
INSERT INTO p VALUES (8, 1, 8);
ALTER TABLE p1 DISABLE TRIGGER ALL;
INSERT INTO p VALUES (9, 1, 9);
ALTER TABLE p1 ENABLE TRIGGER ALL;
INSERT INTO p VALUES (10, 1, 10);
SELECT same('v', false);
SELECT ivm_fdw_rebuild('v');
COMMIT;
SELECT same('v', false), rebuilt('v');
SELECT tgname AS name FROM pg_trigger WHERE tgrelid = 'p1'::regclass AND tgname LIKE '!ivm_fdw_capture%' \gset
ALTER TABLE p1 DISABLE TRIGGER :"name";
INSERT INTO p VALUES (11, 1, 11);
ALTER TABLE p1 ENABLE ALWAYS TRIGGER :"name";
SELECT triggers_of('p1');
SELECT same('v', false), rebuilt('v');
SELECT tgname AS name FROM pg_trigger WHERE tgrelid = 'p1'::regclass AND tgname LIKE '!ivm_fdw_capture%' \gset
DROP TRIGGER :"name" ON p1;
SELECT triggers_of('p1');
SELECT tgname AS name FROM pg_trigger WHERE tgrelid = 'p1'::regclass AND tgname LIKE '!ivm_fdw_capture%' \gset
ALTER TRIGGER :"name" ON p1 RENAME TO zzz;
SELECT triggers_of('p1');
INSERT INTO p VALUES (12, 1, 12);
SELECT same('v', false), rebuilt('v');
SELECT tgname AS name FROM pg_trigger WHERE tgrelid = 'p1'::regclass AND tgname LIKE '!ivm_fdw_capture%' \gset
ALTER TABLE p1 ENABLE REPLICA TRIGGER :"name";
SET session_replication_role = replica;
INSERT INTO p VALUES (13, 1, 13);
RESET session_replication_role;
SELECT same('v', false);

-- rewrites
ALTER TABLE p ADD COLUMN u float DEFAULT random();
SELECT same('v', false), rebuilt('v');
CREATE INDEX p1_k ON p1 (k);
CLUSTER p1 USING p1_k;
VACUUM FULL p21;
SELECT same('v', false), same('v2', false), rebuilt('v'), rebuilt('v2');
ALTER TABLE p ALTER COLUMN k TYPE bigint;
ALTER TABLE p1 SET ACCESS METHOD heap;
CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler;
ALTER TABLE p1 SET ACCESS METHOD other;
CREATE TABLE p7 PARTITION OF p FOR VALUES IN (70) USING other;
INSERT INTO p VALUES (1, 70, 1);
SELECT same('v');
DROP TABLE p7;
DROP ACCESS METHOD other;

-- views can be no part of a tree
CREATE FOREIGN TABLE w PARTITION OF p FOR VALUES IN (99) SERVER ivm OPTIONS (query 'SELECT k, r, x, u FROM p GROUP BY k, r, x, u');
CREATE TABLE like_v (r int, n bigint, s numeric);
ALTER FOREIGN TABLE v INHERIT like_v;
CREATE TABLE child () INHERITS (v);

-- inheritance
CREATE TABLE i (a int, b int);
CREATE TABLE i1 (c int) INHERITS (i);
INSERT INTO i VALUES (1, 1);
INSERT INTO i1 VALUES (1, 2, 3);
CREATE FOREIGN TABLE iv (a int, n bigint) SERVER ivm OPTIONS (query 'SELECT a, count(*) FROM i GROUP BY a');
CREATE FOREIGN TABLE only_iv (a int, n bigint) SERVER ivm OPTIONS (query 'SELECT a, count(*) FROM ONLY i GROUP BY a');
SELECT rebuilt('iv'), rebuilt('only_iv');
INSERT INTO i1 VALUES (2, 2, 2);
INSERT INTO i VALUES (3, 3);
UPDATE i SET a = a + 1;
SELECT same('iv'), same('only_iv');
CREATE TABLE i2 () INHERITS (i);
CREATE TABLE i12 () INHERITS (i1, i2);	-- by two ways
CREATE TABLE i3 (b int, a int);
INSERT INTO i3 VALUES (7, 7);
ALTER TABLE i3 INHERIT i;
SELECT t, triggers_of(t) FROM unnest('{i,i1,i2,i12,i3}'::regclass[]) t;
SELECT same('iv', false), same('only_iv'), rebuilt('iv');
INSERT INTO i12 VALUES (1, 1, 1);
UPDATE i SET a = a + 1;
SELECT same('iv'), same('only_iv');
ALTER TABLE i3 NO INHERIT i;
SELECT triggers_of('i3');
SELECT same('iv', false), rebuilt('iv');
DROP TABLE i12;
SELECT same('iv', false), rebuilt('iv');
CREATE TEMP TABLE it () INHERITS (i);
INSERT INTO it VALUES (100, 100);
SELECT same('iv'), same('only_iv');
DROP TABLE it;
SELECT same('iv', false);
TRUNCATE i1;
SELECT same('iv', false);
TRUNCATE ONLY i;
SELECT same('iv', false), same('only_iv', false);

-- many partitions at once
CREATE TABLE many (k int, x int) PARTITION BY RANGE (k);
DO $$ BEGIN FOR g IN 0..99 LOOP EXECUTE format('CREATE TABLE many_%s PARTITION OF many FOR VALUES FROM (%s) TO (%s)', g, g * 10, g * 10 + 10); END LOOP; END $$;
CREATE FOREIGN TABLE mv (x int, n bigint) SERVER ivm OPTIONS (query 'SELECT x, count(*) FROM many GROUP BY x');
INSERT INTO many SELECT g, g % 7 FROM generate_series(0, 999) g;
SELECT rebuilt('mv');
UPDATE many SET k = 999 - k, x = x + 1 WHERE k % 3 = 0;
SELECT same('mv');

SET client_min_messages = warning;
DROP SCHEMA tree, tree2 CASCADE;
RESET client_min_messages;
RESET search_path;
SELECT count(*) FROM ivm_fdw.view WHERE relid NOT IN (SELECT oid FROM pg_class);
