-- Views as objects: CREATE, ALTER and DROP of views, and of what they stand on.
CREATE SCHEMA "the ddl";
SET search_path = "the ddl", public;

-- the options of a view, without its settings
CREATE FUNCTION text_of(view regclass) RETURNS text LANGUAGE sql AS $$
	SELECT option_value FROM pg_foreign_table, pg_options_to_table(ftoptions)
	WHERE ftrelid = view AND option_name = 'query' $$;
CREATE FUNCTION settings_of(view regclass) RETURNS text LANGUAGE sql AS $$
	SELECT option_value FROM pg_foreign_table, pg_options_to_table(ftoptions)
	WHERE ftrelid = view AND option_name = 'settings' $$;
-- capture triggers of a table
CREATE FUNCTION triggers_of(base regclass) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(regexp_replace(tgname::text, '\d+$', 'N') || ' ' || tgenabled::text, ', ' ORDER BY tgname)
	FROM pg_trigger WHERE tgrelid = base AND tgisinternal $$;
-- does the view have another definition id than at the last call?
CREATE TABLE definition (view regclass PRIMARY KEY, id bigint);
CREATE FUNCTION redefined(v regclass) RETURNS boolean LANGUAGE sql AS $$
	WITH now AS (SELECT relid::regclass AS view, id FROM ivm_fdw.view WHERE relid = v),
		old AS (SELECT id FROM definition WHERE view = v),
		put AS (INSERT INTO definition SELECT * FROM now ON CONFLICT (view) DO UPDATE SET id = excluded.id)
	SELECT now.id IS DISTINCT FROM (SELECT id FROM old) FROM now $$;

CREATE TABLE sales (id int PRIMARY KEY, region int, amount numeric(10,2), note text COLLATE "C", day date);
INSERT INTO sales SELECT i, i % 4, i * 1.25, 'n' || i % 3, date '2020-01-01' + i FROM generate_series(1, 40) i;

-- columns match by position; names are free
CREATE FOREIGN TABLE v ("Reg" int, n bigint, total numeric) SERVER ivm
	OPTIONS (query 'SELECT region, count(*), sum(amount) FROM sales WHERE day > ''2020-01-05'' GROUP BY region');
SELECT text_of('v');
SELECT triggers_of('sales');
SELECT redefined('v');
SELECT same('v', false);
CREATE FOREIGN TABLE IF NOT EXISTS v (n int) SERVER ivm OPTIONS (query 'nothing');
SELECT redefined('v');

-- refused
CREATE FOREIGN TABLE w (region int, n int) SERVER ivm OPTIONS (query 'SELECT region, count(*) FROM sales GROUP BY region');
CREATE FOREIGN TABLE w (region int) SERVER ivm OPTIONS (query 'SELECT region, count(*) FROM sales GROUP BY region');
CREATE FOREIGN TABLE w (region int, n bigint, m int) SERVER ivm OPTIONS (query 'SELECT region, count(*) FROM sales GROUP BY region');
CREATE FOREIGN TABLE w (amount numeric(10,3)) SERVER ivm OPTIONS (query 'SELECT DISTINCT amount FROM sales');
CREATE FOREIGN TABLE w (note text) SERVER ivm OPTIONS (query 'SELECT DISTINCT note FROM sales');
CREATE FOREIGN TABLE w (region int NOT NULL) SERVER ivm OPTIONS (query 'SELECT DISTINCT region FROM sales');
CREATE FOREIGN TABLE w (region int DEFAULT 1) SERVER ivm OPTIONS (query 'SELECT DISTINCT region FROM sales');
CREATE FOREIGN TABLE w (region int CHECK (region > 0)) SERVER ivm OPTIONS (query 'SELECT DISTINCT region FROM sales');
CREATE FOREIGN TABLE w (region int) SERVER ivm;
CREATE FOREIGN TABLE w (region int) SERVER ivm OPTIONS (query 'SELECT DISTINCT region FROM sales', key 'region');
CREATE FOREIGN TABLE w (region int) SERVER ivm OPTIONS (query 'SELECT DISTINCT region FROM sales', kay 'region');
CREATE FOREIGN TABLE w (region int OPTIONS (key 'true')) SERVER ivm OPTIONS (query 'SELECT DISTINCT region FROM sales');
CREATE FOREIGN TABLE w (region int) SERVER ivm OPTIONS (query 'SELECT DISTINCT region FROM sales', settings 'work_mem=''1MB''');
CREATE FOREIGN TABLE w (region int) SERVER ivm OPTIONS (query 'SELECT DISTINCT region FROM sales', settings 'TimeZone=''Mars''');
CREATE FOREIGN TABLE w (region int) SERVER ivm OPTIONS (query 'SELECT DISTINCT region FROM sales', settings 'TimeZone');
ALTER SERVER ivm OPTIONS (host 'x');
CREATE SERVER ivm2 FOREIGN DATA WRAPPER ivm_fdw OPTIONS (host 'x');
SELECT count(*) FROM ivm_fdw.view WHERE relid NOT IN (SELECT oid FROM pg_class);

-- a server of one's own
CREATE SERVER ivm2 FOREIGN DATA WRAPPER ivm_fdw;
CREATE FOREIGN TABLE w (note text COLLATE "C", amount numeric(10,2)) SERVER ivm2 OPTIONS (query 'SELECT DISTINCT note, amount FROM sales');
SELECT same('w', false);
DROP SERVER ivm2 CASCADE;
SELECT triggers_of('sales');

-- ALTER of the view
ALTER FOREIGN TABLE v ADD COLUMN x int;
ALTER FOREIGN TABLE v DROP COLUMN n;
ALTER TABLE v ALTER COLUMN n TYPE int;
ALTER FOREIGN TABLE v ALTER COLUMN n SET NOT NULL;
ALTER FOREIGN TABLE v ALTER COLUMN n SET DEFAULT 0;
ALTER FOREIGN TABLE v ADD CHECK (n > 0);
ALTER FOREIGN TABLE v OPTIONS (DROP query);
ALTER FOREIGN TABLE v OPTIONS (SET query 'SELECT region, count(*) FROM sales GROUP BY region');
SELECT redefined('v');
ALTER FOREIGN TABLE v RENAME COLUMN "Reg" TO area;
ALTER FOREIGN TABLE v RENAME TO "V";
ALTER FOREIGN TABLE "V" SET SCHEMA public;
SELECT redefined('"V"');
SELECT area, n FROM "V" ORDER BY area LIMIT 1;
ALTER FOREIGN TABLE "V" OPTIONS (SET query 'SELECT region + 1, count(note), sum(amount) FROM sales GROUP BY region');
SELECT redefined('"V"');
SELECT text_of('"V"');
SELECT same('"V"', false);

-- settings are pinned, and complete
SELECT settings_of('"V"') = (SELECT string_agg(format('%s=%L', n, current_setting(n)), ', ' ORDER BY i)
	FROM unnest('{TimeZone,DateStyle,IntervalStyle,extra_float_digits,bytea_output,lc_monetary,lc_numeric,lc_time,xmlbinary,xmloption,default_text_search_config,array_nulls,quote_all_identifiers}'::text[]) WITH ORDINALITY s(n, i));
ALTER FOREIGN TABLE "V" OPTIONS (SET settings 'timezone = ''Europe/Berlin'' , DateStyle=''German''');
SELECT split_part(settings_of('"V"'), ', Inter', 1);
SET DateStyle = 'ISO, DMY';
CREATE FOREIGN TABLE dmy (note text COLLATE "C", n bigint) SERVER ivm
	OPTIONS (query 'SELECT note, count(*) FROM sales WHERE day >= ''03/02/2020'' GROUP BY note');
RESET DateStyle;
SELECT text_of('dmy');
SELECT same('dmy', false);

-- rolled back
BEGIN;
CREATE FOREIGN TABLE r (region int) SERVER ivm OPTIONS (query 'SELECT DISTINCT region FROM sales');
ALTER FOREIGN TABLE "V" OPTIONS (SET query 'SELECT region, 0::bigint, sum(0::numeric) FROM sales GROUP BY region');
ROLLBACK;
BEGIN;
SAVEPOINT s;
ALTER FOREIGN TABLE "V" OPTIONS (SET query 'SELECT 7, count(note), sum(amount) FROM sales GROUP BY region');
SELECT text_of('"V"');
SELECT DISTINCT area FROM "V";
ROLLBACK TO s;
SELECT same('"V"', false);
DROP FOREIGN TABLE dmy;
INSERT INTO sales VALUES (100, 100, 100);
ROLLBACK TO s;
SELECT same('"V"', false), same('dmy', false);
COMMIT;
SELECT redefined('"V"');
SELECT redefined('"V"');
SELECT same('"V"', false), same('dmy', false);

-- what the views stand on is renamed, moved
ALTER TABLE sales RENAME COLUMN region TO "Area";
ALTER TABLE sales RENAME TO sold;
ALTER SCHEMA "the ddl" RENAME TO "ddl test";
SET search_path = "ddl test", public;
SELECT text_of('"V"'), redefined('"V"');
ALTER TABLE sold SET SCHEMA public;
SELECT text_of('"V"');
INSERT INTO sold VALUES (101, 5, 100, 'n1', '2021-01-01');
SELECT same('"V"', false), same('dmy', false);

-- … or cannot be
ALTER TABLE sold ALTER COLUMN amount TYPE text;
ALTER TABLE sold DROP COLUMN amount;
DROP TABLE sold;
ALTER TABLE sold ALTER COLUMN id TYPE bigint;	-- no view uses it
ALTER TABLE sold DROP COLUMN id;
ALTER TABLE sold ADD COLUMN extra int DEFAULT 7;
ALTER TABLE sold SET UNLOGGED;
ALTER TABLE sold SET LOGGED;
INSERT INTO sold VALUES (6, 100, 'n1', '2021-01-01', 1);
SELECT same('"V"', false), same('dmy', false);
SELECT redefined('"V"');

-- functions, types, operators, collations
CREATE FUNCTION bucket(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 / 2; END';
CREATE OPERATOR <+> (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE COLLATION german FROM "C";
CREATE TABLE people (id int, name text, m mood);
INSERT INTO people SELECT i, 'p' || i % 3, (enum_range(NULL::mood))[1 + i % 2] FROM generate_series(1, 20) i;
CREATE FOREIGN TABLE f (b int, s int, n bigint) SERVER ivm
	OPTIONS (query 'SELECT bucket(id), id <+> 1, count(*) FROM people WHERE m <> ''sad'' GROUP BY bucket(id), id <+> 1');
CREATE FOREIGN TABLE g (name text COLLATE german) SERVER ivm
	OPTIONS (query 'SELECT DISTINCT name COLLATE german FROM people WHERE bucket(id) > 2');
SELECT redefined('f'), redefined('g');
CREATE OR REPLACE FUNCTION bucket(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 / 3; END';
SELECT redefined('f'), redefined('g'), redefined('"V"');
SELECT same('f', false), same('g', false);
ALTER FUNCTION bucket(int) VOLATILE;
ALTER FUNCTION bucket(int) COST 7;
SELECT redefined('f');
ALTER FUNCTION bucket(int) RENAME TO "Bucket";
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
ALTER TYPE mood RENAME TO "Mood";
ALTER COLLATION german RENAME TO "German";
ALTER OPERATOR <+> (int, int) SET SCHEMA public;
SELECT redefined('f'), text_of('f');
SELECT text_of('g');
INSERT INTO people VALUES (50, 'p9', 'happy');
SELECT same('f', false), same('g', false);
DROP FUNCTION "Bucket";
DROP TYPE "Mood";
DROP COLLATION "German";
DROP OPERATOR public.<+> (int, int);

-- DROP
DROP FOREIGN TABLE f;
SELECT triggers_of('people');
DROP FUNCTION "Bucket" CASCADE;
SELECT triggers_of('people');
ALTER TABLE people ALTER COLUMN id TYPE bigint;
DROP FOREIGN TABLE "V";
DROP TABLE public.sold CASCADE;
SELECT count(*) FROM ivm_fdw.view v JOIN pg_class c ON c.oid = v.relid WHERE c.relnamespace = '"ddl test"'::regnamespace;
CREATE FOREIGN TABLE s (name text) SERVER ivm OPTIONS (query 'SELECT DISTINCT name FROM people');
SELECT same('s', false);
SET client_min_messages = warning;
DROP SCHEMA "ddl test" CASCADE;
RESET client_min_messages;
SELECT count(*) FROM ivm_fdw.view WHERE relid NOT IN (SELECT oid FROM pg_class);
RESET search_path;

-- nobody writes to the definitions, and nobody uses the capture functions
INSERT INTO ivm_fdw.view VALUES (1, 0, '{1}', 1, '', '');
CREATE TABLE innocent (a int);
CREATE TRIGGER t AFTER INSERT ON innocent FOR EACH ROW EXECUTE FUNCTION ivm_fdw.capture();
INSERT INTO innocent VALUES (1);
DROP TABLE innocent;
