-- Who may create a view, read it, and what runs as whom.
SET client_min_messages = warning;
DROP ROLE IF EXISTS ivm_owner, ivm_reader, ivm_bypass;
CREATE ROLE ivm_owner;
CREATE ROLE ivm_reader;
CREATE ROLE ivm_bypass BYPASSRLS;
CREATE SCHEMA priv;
GRANT USAGE, CREATE ON SCHEMA priv TO PUBLIC;
RESET client_min_messages;
SET search_path = priv, public;
CREATE TABLE t (a int, b int, secret text);
INSERT INTO t VALUES (1, 1, 'x'), (2, 2, 'y');

-- SELECT on the columns read, and TRIGGER, are needed
SET ROLE ivm_owner;
CREATE FOREIGN TABLE v (a int, n bigint) SERVER ivm OPTIONS (query 'SELECT a, count(*) FROM t WHERE b > 0 GROUP BY a');
RESET ROLE;
GRANT SELECT (a) ON t TO ivm_owner;
SET ROLE ivm_owner;
CREATE FOREIGN TABLE v (a int, n bigint) SERVER ivm OPTIONS (query 'SELECT a, count(*) FROM t WHERE b > 0 GROUP BY a');
RESET ROLE;
GRANT SELECT (b) ON t TO ivm_owner;
SET ROLE ivm_owner;
CREATE FOREIGN TABLE v (a int, n bigint) SERVER ivm OPTIONS (query 'SELECT a, count(*) FROM t WHERE b > 0 GROUP BY a');
RESET ROLE;
GRANT TRIGGER ON t TO ivm_owner;
SET ROLE ivm_owner;
CREATE FOREIGN TABLE v (a int, n bigint) SERVER ivm OPTIONS (query 'SELECT a, count(*) FROM t WHERE b > 0 GROUP BY a');
CREATE FOREIGN TABLE w (secret text) SERVER ivm OPTIONS (query 'SELECT DISTINCT secret FROM t');
ALTER FOREIGN TABLE v OPTIONS (SET query 'SELECT length(secret), count(*) FROM t GROUP BY length(secret)');
SELECT * FROM v ORDER BY a;

-- readers need SELECT on the view only, writers need nothing
SET ROLE ivm_reader;
SELECT * FROM v;
RESET ROLE;
GRANT SELECT ON v TO ivm_reader;
GRANT INSERT, SELECT (a), UPDATE (a), DELETE ON t TO ivm_reader;
SET ROLE ivm_reader;
SELECT * FROM v ORDER BY a;
SELECT b FROM t;
INSERT INTO t VALUES (1, 1, 'z');
UPDATE t SET a = 3 WHERE a = 2;
SELECT * FROM v ORDER BY a;
ALTER FOREIGN TABLE v OPTIONS (SET query 'SELECT a, count(*) FROM t GROUP BY a');
DROP FOREIGN TABLE v;
SELECT ivm_fdw_rebuild('v');
SELECT relid FROM ivm_fdw.view;
INSERT INTO v VALUES (1, 1);
RESET ROLE;
SELECT ivm_fdw_rebuild('v');
SELECT * FROM v ORDER BY a;

-- owners change
GRANT ivm_owner TO ivm_reader WITH ADMIN OPTION;
ALTER ROLE ivm_reader NOINHERIT;
SET ROLE ivm_reader;
ALTER FOREIGN TABLE v OWNER TO ivm_reader;
RESET ROLE;
REVOKE ivm_owner FROM ivm_reader;
ALTER FOREIGN TABLE v OWNER TO ivm_reader;	-- a superuser may (a restore does, before it grants)
SELECT * FROM v;
ALTER FOREIGN TABLE v OWNER TO ivm_owner;
SELECT * FROM v ORDER BY a;

-- an owner that loses SELECT: reads fail, writes go on
REVOKE SELECT (a) ON t FROM ivm_owner;
SELECT * FROM v;
EXPLAIN (COSTS OFF) SELECT count(*) FROM v WHERE a = 1;
INSERT INTO t VALUES (4, 4, 'w');
GRANT SELECT ON t TO ivm_owner;
SELECT * FROM v ORDER BY a;

-- row-level security
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON t USING (a > 1);
SELECT * FROM v;
SET ROLE ivm_owner;
CREATE FOREIGN TABLE w (a int) SERVER ivm OPTIONS (query 'SELECT DISTINCT a FROM t');
RESET ROLE;
GRANT SELECT, TRIGGER ON t TO ivm_bypass;
ALTER FOREIGN TABLE v OWNER TO ivm_bypass;
SELECT * FROM v ORDER BY a;
ALTER TABLE t OWNER TO ivm_owner;
ALTER FOREIGN TABLE v OWNER TO ivm_owner;
SELECT * FROM v ORDER BY a;
ALTER TABLE t FORCE ROW LEVEL SECURITY;
SELECT * FROM v ORDER BY a;
ALTER TABLE t DISABLE ROW LEVEL SECURITY;
SELECT * FROM v ORDER BY a;

-- functions run as the view's owner, wherever; and see fixed settings
CREATE FUNCTION who(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	IF current_user <> 'ivm_owner' OR current_setting('search_path') <> 'pg_catalog, pg_temp' OR
		current_setting('TimeZone') <> 'Asia/Kolkata' THEN
		RAISE 'run as %, search_path %, zone %', current_user, current_setting('search_path'), current_setting('TimeZone');
	END IF;
	RETURN $1;
END $$;
REVOKE EXECUTE ON FUNCTION who(int) FROM PUBLIC;
SET ROLE ivm_owner;
SET TimeZone = 'Asia/Kolkata';
CREATE FOREIGN TABLE f (a int, n bigint) SERVER ivm OPTIONS (query 'SELECT who(a), count(*) FROM t WHERE b > who(0) GROUP BY who(a) HAVING who(count(*)::int) > 0');
RESET ROLE;
GRANT EXECUTE ON FUNCTION who(int) TO ivm_owner;
SET ROLE ivm_owner;
CREATE FOREIGN TABLE f (a int, n bigint) SERVER ivm OPTIONS (query 'SELECT who(a), count(*) FROM t WHERE b > who(0) GROUP BY who(a) HAVING who(count(*)::int) > 0');
RESET ROLE;
RESET TimeZone;
GRANT SELECT ON f TO ivm_reader;
SET ROLE ivm_reader;
INSERT INTO t VALUES (5, 5, 'v');
SELECT * FROM f ORDER BY a;
SELECT * FROM f WHERE a = 5;
RESET ROLE;
SELECT ivm_fdw_rebuild('f');
SET ROLE ivm_reader;
INSERT INTO t VALUES (5, 5, 'v');
SELECT * FROM f ORDER BY a;
SELECT current_user;
RESET ROLE;

-- an error in the function leaves no trace of the owner and the settings
CREATE OR REPLACE FUNCTION who(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	IF $1 = 13 THEN
		RAISE 'no %', $1;
	END IF;
	RETURN $1;
END $$;
SET ROLE ivm_reader;
INSERT INTO t VALUES (13, 13, 'v');	-- b > who(0) comes first
SELECT current_user, current_setting('search_path'), current_setting('TimeZone') = 'Asia/Kolkata';
DO $$
BEGIN
	BEGIN
		INSERT INTO t VALUES (13, 13, 'v');
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE 'caught "%", as %, search_path %', sqlerrm, current_user, current_setting('search_path');
	END;
	INSERT INTO t VALUES (14, 14, 'v');
END $$;
SELECT current_user, current_setting('search_path');
SELECT * FROM f ORDER BY a;
RESET ROLE;

-- a function cannot become somebody else
CREATE FUNCTION evil(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', 'none', false);
	RETURN $1;
END $$;
SET ROLE ivm_owner;
CREATE FOREIGN TABLE e (a int) SERVER ivm OPTIONS (query 'SELECT DISTINCT evil(a) FROM t');
RESET ROLE;
INSERT INTO t VALUES (6, 6, 'u');
SELECT * FROM e;
SET ROLE ivm_owner;
DROP FOREIGN TABLE e;
RESET ROLE;

-- DROP OWNED, REASSIGN OWNED
REASSIGN OWNED BY ivm_owner TO ivm_bypass;
GRANT SELECT ON t TO ivm_bypass;
SELECT same('v', false);
SET client_min_messages = warning;
DROP OWNED BY ivm_bypass, ivm_owner, ivm_reader CASCADE;
SELECT count(*) FROM ivm_fdw.view WHERE relid NOT IN (SELECT oid FROM pg_class);
DROP SCHEMA priv CASCADE;
DROP ROLE ivm_owner, ivm_reader, ivm_bypass;
RESET search_path;
RESET client_min_messages;
