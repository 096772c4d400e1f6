-- Rebuild, verify, status; and the extension's objects.
CREATE SCHEMA upkeep;
SET search_path = upkeep, public;
CREATE TABLE t (g int, x int);
INSERT INTO t SELECT i % 4, i FROM generate_series(1, 40) i;
CREATE FOREIGN TABLE v (g int, n bigint, s bigint) SERVER ivm OPTIONS (query 'SELECT g, count(*), sum(x) FROM t GROUP BY g');
CREATE FOREIGN TABLE one (n bigint) SERVER ivm OPTIONS (query 'SELECT count(*) FROM t');
CREATE FOREIGN TABLE few (g int) SERVER ivm OPTIONS (query 'SELECT g FROM t GROUP BY g HAVING g > 2');

CREATE TABLE empty (x int);
CREATE FOREIGN TABLE nothing (n bigint) SERVER ivm OPTIONS (query 'SELECT count(*) FROM empty');

-- a rebuild returns the groups: those that HAVING leaves out, too; without GROUP BY it is one, always
SELECT ivm_fdw_rebuild('v'), ivm_fdw_rebuild('upkeep.one'), ivm_fdw_rebuild('few'), ivm_fdw_rebuild('nothing');
SELECT same('few'), same('nothing');
SELECT ivm_fdw_rebuild(NULL) IS NULL AS none;
SELECT ivm_fdw_rebuild('t');
SELECT ivm_fdw_rebuild('pg_class');
SELECT ivm_fdw_rebuild(0);
SELECT ivm_fdw_verify(0);
SELECT * FROM ivm_fdw_verify('t');
CREATE FOREIGN TABLE young (n bigint) SERVER ivm OPTIONS (query 'SELECT count(*) FROM t');
BEGIN;
CREATE FOREIGN TABLE younger (n bigint) SERVER ivm OPTIONS (query 'SELECT count(*) FROM t');
SELECT ivm_fdw_rebuild('younger');
SELECT same('younger');
ROLLBACK;
BEGIN;
INSERT INTO t VALUES (1, 1);
CREATE FOREIGN TABLE younger (n bigint) SERVER ivm OPTIONS (query 'SELECT count(*) FROM t');
SELECT ivm_fdw_rebuild('younger') IS NULL AS later;
SELECT same('younger');
ROLLBACK;
BEGIN READ ONLY;
SELECT ivm_fdw_rebuild('v');
ROLLBACK;

-- all of the caller's views, and those only
CREATE ROLE ivm_upkeeper;
GRANT USAGE, CREATE ON SCHEMA upkeep TO ivm_upkeeper;
GRANT SELECT, TRIGGER ON t TO ivm_upkeeper;
SET ROLE ivm_upkeeper;
SELECT ivm_fdw_rebuild();
CREATE FOREIGN TABLE theirs (g int, n bigint) SERVER ivm OPTIONS (query 'SELECT g, count(*) FROM t GROUP BY g');
SELECT ivm_fdw_rebuild();
SELECT ivm_fdw_rebuild('v');
SELECT count(*) FROM ivm_fdw_verify('theirs');
SELECT count(*) FROM ivm_fdw_verify('v');
RESET ROLE;
SELECT same('theirs'), same('v');
DROP OWNED BY ivm_upkeeper;
DROP ROLE ivm_upkeeper;

-- cancelled, within a savepoint and without; the view stays what it was
CREATE FUNCTION slowly(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(0.02); RETURN $1; END';
CREATE FOREIGN TABLE slow (g int, n bigint) SERVER ivm OPTIONS (query 'SELECT slowly(g), count(*) FROM t GROUP BY slowly(g)');
SELECT ivm_fdw_rebuild('slow');
\set VERBOSITY sqlstate
SET statement_timeout = '200ms';
SELECT ivm_fdw_rebuild('slow');
BEGIN;
INSERT INTO t VALUES (1, 1000);
SAVEPOINT a;
SELECT ivm_fdw_rebuild('slow');
ROLLBACK TO a;
SELECT ivm_fdw_rebuild('v');
INSERT INTO t VALUES (2, 1000);
COMMIT;
\set VERBOSITY default
RESET statement_timeout;
SELECT same('slow'), same('v'), same('one');
INSERT INTO t VALUES (3, 1000);
SELECT same('slow'), same('v');
SELECT ivm_fdw_rebuild('slow');
DROP FOREIGN TABLE slow;

-- rolled back, and doubled
BEGIN;
SELECT ivm_fdw_rebuild('v'), ivm_fdw_rebuild('v');
INSERT INTO t VALUES (3, 3);
SELECT ivm_fdw_rebuild('v');
SELECT same('v');
ROLLBACK;
SELECT same('v');
BEGIN;
INSERT INTO t VALUES (3, 3);
SELECT ivm_fdw_rebuild('v'), ivm_fdw_rebuild('one');
PREPARE TRANSACTION 'rebuilt';
SELECT same('v'), same('one');
COMMIT PREPARED 'rebuilt';
SELECT same('v'), same('one');

-- verify finds what is wrong: here a function that is not what it is declared
CREATE TABLE factor (f int);
INSERT INTO factor VALUES (1);
CREATE FUNCTION lies(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * (SELECT f FROM upkeep.factor); END';
CREATE FOREIGN TABLE wrong (g int, n bigint) SERVER ivm OPTIONS (query 'SELECT lies(g), count(*) FROM t WHERE g < 3 GROUP BY lies(g)');
SELECT ivm_fdw_rebuild('wrong');
SELECT * FROM ivm_fdw_verify('wrong');
UPDATE factor SET f = 2;
SELECT * FROM ivm_fdw_verify('wrong') ORDER BY side, "row";
INSERT INTO t VALUES (0, 0);
SELECT * FROM ivm_fdw_verify('wrong') ORDER BY side, "row";
SELECT ivm_fdw_rebuild('wrong');
SELECT * FROM ivm_fdw_verify('wrong');
-- it sees the changes of its own transaction, and compares under one snapshot
BEGIN;
DELETE FROM t WHERE g = 1;
SELECT * FROM ivm_fdw_verify('v');
SET LOCAL ivm_fdw.use_store = off;
SELECT * FROM ivm_fdw_verify('v');
ROLLBACK;
DROP FOREIGN TABLE wrong;

-- status: one row a view
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'ivm_fdw_status'::regclass AND attnum > 0 ORDER BY attnum;
SELECT ivm_fdw_rebuild('v');
SELECT view, state, reason, rows, bytes > 0 AS bytes, last_build <= clock_timestamp() AS built, last_build_duration > '0' AS took
	FROM ivm_fdw_status WHERE view = 'v'::regclass;
BEGIN;
ALTER TABLE t DISABLE TRIGGER ALL;
SELECT view, state, reason FROM ivm_fdw_status WHERE view = 'v'::regclass;
ROLLBACK;
BEGIN;
CREATE FOREIGN TABLE young2 (n bigint) SERVER ivm OPTIONS (query 'SELECT count(*) FROM t');
SELECT view, state, reason, rows, last_build FROM ivm_fdw_status WHERE view = 'young2'::regclass;
ROLLBACK;
BEGIN;
DROP FOREIGN TABLE v;
SELECT count(*) FROM ivm_fdw_status WHERE view::text ~ 'v$|^\d';
ROLLBACK;

-- Every object of the extension has a comment
SELECT pg_describe_object(d.classid, d.objid, d.objsubid)
	FROM pg_depend d JOIN pg_extension e ON e.oid = refobjid AND refclassid = 'pg_extension'::regclass
	WHERE extname = 'ivm_fdw' AND deptype = 'e' AND d.classid <> 'pg_type'::regclass
		AND obj_description(d.objid, d.classid::regclass::text::name) IS NULL;
SELECT attrelid::regclass, attname
	FROM pg_attribute a JOIN pg_depend d ON d.objid = attrelid AND d.classid = 'pg_class'::regclass AND deptype = 'e'
		JOIN pg_extension e ON e.oid = refobjid AND refclassid = 'pg_extension'::regclass
		JOIN pg_class c ON c.oid = attrelid
	WHERE extname = 'ivm_fdw' AND attnum > 0 AND relkind IN ('r', 'v') AND col_description(attrelid, attnum) IS NULL
	ORDER BY attrelid, attnum;

SET client_min_messages = warning;
DROP SCHEMA upkeep CASCADE;
RESET client_min_messages;
RESET search_path;
