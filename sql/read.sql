-- Reads: access, order, joins, what is computed, when they are live.
CREATE TABLE t (id serial PRIMARY KEY, a int, b text COLLATE "C", x numeric(10, 2));
INSERT INTO t (a, b, x) SELECT NULLIF(i % 400, 399), 'b' || i / 400 % 5, i FROM generate_series(1, 4000) i;
CALL make_view('v', 'SELECT a, b, count(*) AS n, sum(x) AS s FROM t GROUP BY a, b');

-- plan(query): EXPLAIN without what may vary
CREATE FUNCTION plan(query text, options text DEFAULT 'COSTS OFF') RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('EXPLAIN (%s) %s', options, query);
END $$;

-- Access, with pending deltas
EXPLAIN (COSTS OFF) SELECT * FROM v;
EXPLAIN (COSTS OFF) SELECT n FROM v WHERE a = 1 AND b = 'b1' AND n > 3;
EXPLAIN (VERBOSE, COSTS OFF) SELECT n FROM v WHERE a = 1 AND s > 3;
EXPLAIN (COSTS OFF, FORMAT JSON) SELECT n FROM v WHERE a = 1;
BEGIN;
UPDATE t SET x = x + 1 WHERE a = 1;
INSERT INTO t (a, b, x) VALUES (1, 'b7', 1), (1, 'b8', 1);
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM v WHERE a = 1;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM v WHERE a = 3;
SELECT * FROM v WHERE a = 1 ORDER BY b;
ROLLBACK;

-- Run time parameters
PREPARE by_key(int, text) AS SELECT * FROM v WHERE a = $1 AND b >= $2 ORDER BY b;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE by_key(3, 'b2');
EXECUTE by_key(3, 'b2');
EXECUTE by_key(4, 'b4');
EXECUTE by_key(NULL, 'b2');
SET ivm_fdw.use_store = off;
EXPLAIN (COSTS OFF) EXECUTE by_key(3, 'b2');
EXECUTE by_key(3, 'b2');
EXECUTE by_key(NULL, 'b2');
RESET ivm_fdw.use_store;
RESET plan_cache_mode;

-- Order by the key needs no sort, also live
EXPLAIN (COSTS OFF) SELECT * FROM v ORDER BY a, b LIMIT 3;
SELECT * FROM v ORDER BY a, b LIMIT 3;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM v ORDER BY a LIMIT 7;
EXPLAIN (COSTS OFF) SELECT * FROM v WHERE a = 5 ORDER BY b;
EXPLAIN (COSTS OFF) SELECT * FROM v WHERE a IN (9, 5, 7) ORDER BY a, b;
SELECT * FROM v WHERE a IN (9, 5) AND b > 'b1' ORDER BY a, b;
EXPLAIN (COSTS OFF) SELECT * FROM v ORDER BY a DESC, b LIMIT 1;
EXPLAIN (COSTS OFF) SELECT * FROM v ORDER BY a NULLS FIRST LIMIT 1;
EXPLAIN (COSTS OFF) SELECT * FROM v ORDER BY b, a LIMIT 1;
EXPLAIN (COSTS OFF) SELECT a, sum(n) FROM v GROUP BY a HAVING sum(n) > 3;
SELECT array_agg(v) = (SELECT array_agg(q ORDER BY a, b) FROM (SELECT a, b, count(*) AS n, sum(x) AS s FROM t GROUP BY a, b) q)
	FROM (SELECT * FROM v ORDER BY a, b LIMIT 10000) v (a, b, n, s);
SET ivm_fdw.use_store = off;
EXPLAIN (COSTS OFF) SELECT * FROM v ORDER BY a, b LIMIT 3;
SELECT * FROM v ORDER BY a, b LIMIT 3;
SELECT * FROM v WHERE a IN (9, 5) AND b > 'b1' ORDER BY a, b;
RESET ivm_fdw.use_store;
SET enable_hashjoin = off;
SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT * FROM v v1 JOIN v v2 USING (a, b);
SELECT count(*), sum(n1), bool_and(n1 = n2) FROM (SELECT v1.n AS n1, v2.n AS n2 FROM v v1 JOIN v v2 USING (a, b)) j;
RESET enable_hashjoin;
RESET enable_nestloop;

-- Joins: parameters from one relation, from two, from outside
CREATE TABLE o (a int, b text COLLATE "C");
INSERT INTO o VALUES (3, 'b1'), (3, 'b3'), (4, 'b1'), (NULL, 'b1'), (99, 'b1');
CREATE TABLE p (b text COLLATE "C");
INSERT INTO p VALUES ('b3'), ('b4');
ANALYZE o, p;
EXPLAIN (COSTS OFF) SELECT * FROM o JOIN v USING (a, b);
SELECT * FROM o JOIN v USING (a, b) ORDER BY 1, 2;
EXPLAIN (COSTS OFF) SELECT o.a, v.* FROM o LEFT JOIN v ON v.a = o.a AND v.b > o.b;
SELECT o, v.* FROM o LEFT JOIN v ON v.a = o.a AND v.b > o.b ORDER BY o, v.b;
SET enable_material = off;
EXPLAIN (COSTS OFF) SELECT * FROM o, p, v WHERE v.a = o.a AND v.b = p.b;
SELECT o, v.* FROM o, p, v WHERE v.a = o.a AND v.b = p.b ORDER BY o, v.b;
RESET enable_material;
EXPLAIN (COSTS OFF) SELECT o, (SELECT sum(n) FROM v WHERE v.a = o.a) FROM o;
SELECT o, (SELECT sum(n) FROM v WHERE v.a = o.a) FROM o;
SELECT o, l.* FROM o, LATERAL (SELECT * FROM v WHERE v.a >= o.a ORDER BY v.a, v.b LIMIT 2) l;
SET ivm_fdw.use_store = off;
SELECT * FROM o JOIN v USING (a, b) ORDER BY 1, 2;
SELECT o, (SELECT sum(n) FROM v WHERE v.a = o.a) FROM o;
SELECT o, l.* FROM o, LATERAL (SELECT * FROM v WHERE v.a >= o.a ORDER BY v.a, v.b LIMIT 2) l;
RESET ivm_fdw.use_store;
-- rescans without parameters
SET enable_material = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT count(*), sum(v1.n) FROM generate_series(1, 3) g, v v1 WHERE v1.n + g > 0;
SET ivm_fdw.use_store = off;
SELECT count(*), sum(v1.n) FROM generate_series(1, 3) g, v v1 WHERE v1.n + g > 0;
RESET ivm_fdw.use_store;
RESET enable_material;
RESET enable_hashjoin;
RESET enable_mergejoin;

-- Keys are known to be unique: the join goes away, an inner side is looked up once
EXPLAIN (COSTS OFF) SELECT o.* FROM o LEFT JOIN v ON v.a = o.a AND v.b = o.b;
EXPLAIN (COSTS OFF) SELECT o.* FROM o LEFT JOIN v ON v.a = o.a AND v.b = 'b1';
SELECT count(*) FROM plan('SELECT o.* FROM o LEFT JOIN v ON v.a = o.a') p WHERE p ~ ' on v';
SELECT count(*) FROM plan('SELECT o.* FROM o LEFT JOIN v ON v.a = o.a AND v.b = o.b COLLATE "POSIX"') p WHERE p ~ ' on v';

-- What is not asked for is not computed
CALL make_view('partial', 'SELECT a, count(*) AS n, 1 / (a - 3) AS bad, 10 / count(x) AS ten FROM t GROUP BY a HAVING sum(x) > 0');
SELECT a, n FROM partial WHERE a = 3;
SELECT bad FROM partial WHERE a = 4;
SELECT bad FROM partial WHERE a = 3;
SELECT count(*) FROM partial;
SET ivm_fdw.use_store = off;
SELECT a, n FROM partial WHERE a = 3;
SELECT count(*) FROM partial;
SELECT bad FROM partial WHERE a = 3;
RESET ivm_fdw.use_store;

-- Whole rows, system columns, locks
SELECT v FROM v WHERE a = 1 ORDER BY b LIMIT 1;
SELECT tableoid::regclass, b FROM v WHERE a = 1 ORDER BY b LIMIT 1;
SELECT ctid FROM v;
SELECT * FROM v WHERE a = 1 AND b = 'b1' FOR UPDATE;
UPDATE o SET b = 'b4' FROM v WHERE v.a = o.a AND v.b = o.b AND n > 0 RETURNING o.*, v.*;

-- ANALYZE, and estimates
SELECT plan('SELECT * FROM v', 'SUMMARY OFF') ~ 'rows=2000 ' AS counted LIMIT 1;
SELECT plan('SELECT * FROM v WHERE a = 1 AND b = ''b1''', 'SUMMARY OFF') ~ 'rows=1 ' AS one LIMIT 1;
ANALYZE v;
SELECT reltuples FROM pg_class WHERE relname = 'v';
SELECT attname, null_frac, n_distinct FROM pg_stats WHERE tablename = 'v' AND attname IN ('a', 'b') ORDER BY 1;
SELECT plan('SELECT * FROM v WHERE a = 1', 'SUMMARY OFF') ~ 'rows=5 ' AS five LIMIT 1;
SET ivm_fdw.use_store = off;
ANALYZE v;
RESET ivm_fdw.use_store;
SELECT reltuples FROM pg_class WHERE relname = 'v';

-- Views refuse changes
DO $$ BEGIN INSERT INTO v VALUES (1); EXCEPTION WHEN feature_not_supported THEN RAISE NOTICE '%', SQLERRM; END $$;
INSERT INTO v VALUES (1, 'b1');
UPDATE v SET n = 3 WHERE a = 1;
DELETE FROM v;
MERGE INTO v USING o ON v.a = o.a WHEN MATCHED THEN DELETE;
TRUNCATE v;
COPY v FROM '/dev/null';
SELECT pg_relation_is_updatable('v', true);

-- A security barrier: what may leak does not become a key condition
CREATE FUNCTION leak(int) RETURNS boolean LANGUAGE plpgsql COST 0.00001 AS $$ BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END $$;
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM v WHERE a = 1 AND b <= 'b2';
EXPLAIN (COSTS OFF) SELECT * FROM barrier WHERE leak(n::int) AND b = 'b1';
SELECT * FROM barrier WHERE leak(a) AND b = 'b1';

CALL make_view('byx', 'SELECT x, count(*) AS n FROM t GROUP BY x');
CREATE VIEW barrier2 WITH (security_barrier) AS SELECT * FROM byx WHERE x < 10;
EXPLAIN (COSTS OFF) SELECT * FROM barrier2 WHERE x = 5;	-- comparison of numerics is not leakproof

-- Live: serializable transactions
BEGIN ISOLATION LEVEL SERIALIZABLE;
EXPLAIN (COSTS OFF) SELECT * FROM v WHERE a = 1;
SELECT same('v');
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT same('v');
COMMIT;

-- Live: in the middle of a statement, seen from functions and triggers
CREATE TABLE seen (who text, n bigint, right_n bigint, live bigint);
CREATE FUNCTION look(who text) RETURNS int LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	before record;
	after record;
	n bigint;
BEGIN
	SELECT * INTO before FROM ivm_fdw.session_reads();
	SELECT sum(v.n) INTO n FROM v;
	SELECT * INTO after FROM ivm_fdw.session_reads();
	INSERT INTO seen VALUES (who, n, (SELECT count(*) FROM t), after.live - before.live);
	RETURN 0;
END $$;
CREATE FUNCTION look_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM look(TG_ARGV[0]); RETURN NEW; END $$;
CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION look_trigger('before row');
CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION look_trigger('after row');
CREATE TRIGGER s AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION look_trigger('after statement');
CREATE CONSTRAINT TRIGGER d AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION look_trigger('deferred');
INSERT INTO t (a, b, x) SELECT 1, 'b1', 1 FROM generate_series(1, 2);
SELECT who, n = right_n AS same, live FROM seen;
TRUNCATE seen;
DROP TRIGGER a ON t;
DROP TRIGGER b ON t;
DROP TRIGGER s ON t;
DROP TRIGGER d ON t;
UPDATE t SET x = x + look('volatile') WHERE id < 4;
DELETE FROM t WHERE id = 5 RETURNING look('returning');
WITH w AS (INSERT INTO t (a, b, x) VALUES (1, 'b1', 1), (1, 'b9', 1) RETURNING look('cte')) SELECT count(*) FROM w, v WHERE v.a = 1;
INSERT INTO t (a, b, x) VALUES (1, 'b1', 1);
SELECT look('afterwards');
SELECT who, n = right_n AS same, live FROM seen;
SELECT same('v');

-- A statement that reads the view row by row while it writes the base table
SELECT * FROM ivm_fdw.session_reads() \gset before_
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
WITH w AS (UPDATE t SET x = v.n FROM v WHERE v.a = t.a AND v.b = t.b AND t.id <= 401 RETURNING t.x = v.n AS same)
	SELECT same, count(*) FROM w GROUP BY same;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
SELECT live - :before_live AS live FROM ivm_fdw.session_reads();
INSERT INTO t (a, b, x) SELECT a + 100, b, n FROM v;
SELECT same('v');

-- Live: the capture trigger does not fire
ALTER TABLE t DISABLE TRIGGER ALL;
SELECT same('v');
ALTER TABLE t ENABLE TRIGGER ALL;
SELECT same('v') ~ 'same';

-- Owner's rights, not the reader's
CREATE ROLE ivm_reader;
GRANT SELECT ON v TO ivm_reader;
SET ROLE ivm_reader;
SELECT count(*) FROM t;
SELECT count(*) > 100 FROM v;
SET ivm_fdw.use_store = off;
SELECT count(*) > 100 FROM v;
RESET ivm_fdw.use_store;
RESET ROLE;
CREATE FUNCTION definer() RETURNS boolean LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) > 100 FROM v';
SELECT definer();
REVOKE SELECT ON v FROM ivm_reader;
DROP ROLE ivm_reader;

-- No rows, and a view without GROUP BY
CREATE TABLE e (x int);
CALL make_view('empty', 'SELECT x, count(*) FROM e GROUP BY x');
CALL make_view('one', 'SELECT count(*) AS n, sum(x) AS s, count(*) + 1 AS more FROM e');
CALL make_view('none', 'SELECT count(*) AS n FROM e HAVING count(*) > 1');
SELECT same('empty'), same('one'), same('none');
SELECT * FROM one;
BEGIN;
INSERT INTO e VALUES (1), (NULL);
SELECT same('empty'), same('one'), same('none');
SELECT * FROM one;
DELETE FROM e;
SELECT same('empty'), same('one'), same('none');
ROLLBACK;
SELECT same('empty'), same('one'), same('none');

DROP VIEW barrier, barrier2;
DROP FOREIGN TABLE v, partial, byx, empty, one, none;
DROP TABLE t, o, p, e, seen;
DROP FUNCTION plan, leak, look, look_trigger, definer;
