-- The demonstration: script/demo runs it.
\pset footer off
\pset linestyle unicode
\pset border 0
SET client_min_messages = warning;

CREATE EXTENSION ivm_fdw;
CREATE TABLE package (name text, version text, architecture text, section text, priority text,
	maintainer text, installed_size bigint, installed boolean, PRIMARY KEY (name, version, architecture));
\set copy '\\copy package from ' :file
:copy
VACUUM ANALYZE package;

-- pg_temp.compare(view, query): mean times of both in milliseconds, and how often faster the view is
CREATE FUNCTION pg_temp.run(sql text, times int) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz = clock_timestamp();
BEGIN
	FOR i IN 1 .. times LOOP EXECUTE sql; END LOOP;
	RETURN extract(epoch FROM clock_timestamp() - start) * 1000 / times;
END $$;
CREATE FUNCTION pg_temp.compare(INOUT what text, on_view text, on_table text,
	OUT view_ms numeric, OUT query_ms numeric, OUT faster text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.run(on_view, 3), pg_temp.run(on_table, 1);
	view_ms = round(pg_temp.run(on_view, 50), 3);
	query_ms = round(pg_temp.run(on_table, 5), 3);
	faster = round(query_ms / view_ms) || ' times';
END $$;
CREATE FUNCTION pg_temp.wait_until_built() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN NOT EXISTS (SELECT FROM ivm_fdw_status WHERE state <> 'active');
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;

\echo
\echo '── The table: the Debian packages that this machine knows, from dpkg and apt'
\echo
SELECT count(*) AS packages, count(*) FILTER (WHERE installed) AS installed, count(DISTINCT section) AS sections,
	count(DISTINCT maintainer) AS maintainers FROM package;

\echo '── Three views of it, declared as foreign tables. From now on every write keeps them right.'
\echo
\set ECHO queries
CREATE FOREIGN TABLE by_section (section text, packages bigint, total_kb numeric, mean_kb numeric)
	SERVER ivm OPTIONS (query 'SELECT section, count(*), sum(installed_size), round(avg(installed_size), 1) FROM package GROUP BY section');
CREATE FOREIGN TABLE by_maintainer (maintainer text, packages bigint, installed bigint, total_kb numeric)
	SERVER ivm OPTIONS (query 'SELECT maintainer, count(*), count(*) FILTER (WHERE installed), sum(installed_size) FROM package GROUP BY maintainer');
CREATE FOREIGN TABLE by_priority (priority text, packages bigint, spread_kb numeric)
	SERVER ivm OPTIONS (query 'SELECT priority, count(*), round(stddev(installed_size)) FROM package WHERE installed GROUP BY priority');
\set ECHO none
\echo
\echo '── They answer at once, by running their query; a background worker fills their store.'
\echo
SELECT pg_temp.wait_until_built() \g /dev/null
\set ECHO queries
SELECT view, state, rows, pg_size_pretty(bytes) AS size, last_build_duration AS built_in FROM ivm_fdw_status ORDER BY view;
SELECT * FROM by_section ORDER BY total_kb DESC LIMIT 5;
SELECT * FROM by_priority ORDER BY priority;
\set ECHO none

-- The section, the maintainer and the package that the changes are about
SELECT section AS section FROM package WHERE section IS NOT NULL GROUP BY section ORDER BY sum(installed_size) DESC LIMIT 1 \gset
SELECT maintainer AS maintainer FROM package GROUP BY maintainer ORDER BY count(*) DESC LIMIT 1 \gset
\set section_query 'SELECT section, count(*), sum(installed_size), round(avg(installed_size), 1) FROM package WHERE section = ' :'section' ' GROUP BY section'
\set section_view 'SELECT * FROM by_section WHERE section = ' :'section'
\set maintainer_query 'SELECT maintainer, count(*), count(*) FILTER (WHERE installed), sum(installed_size) FROM package WHERE maintainer = ' :'maintainer' ' GROUP BY maintainer'
\set maintainer_view 'SELECT * FROM by_maintainer WHERE maintainer = ' :'maintainer'

\echo '── Packages are removed'
\echo
\set ECHO queries
DELETE FROM package WHERE section = :'section' AND installed_size > 100000;
SELECT * FROM by_section WHERE section = :'section';
EXPLAIN (COSTS OFF) SELECT * FROM by_section WHERE section = :'section';
SELECT * FROM ivm_fdw_verify('by_section');	-- differences between store and query: none
\set ECHO none
SELECT * FROM pg_temp.compare('one section', :'section_view', :'section_query');

\echo '── Packages are upgraded: new versions, other sizes'
\echo
\set ECHO queries
UPDATE package SET version = version || '+upgraded', installed_size = installed_size * 1.02 WHERE maintainer = :'maintainer';
SELECT * FROM by_maintainer WHERE maintainer = :'maintainer';
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM by_maintainer WHERE maintainer = :'maintainer';
SELECT * FROM ivm_fdw_verify('by_maintainer');
\set ECHO none
SELECT * FROM pg_temp.compare('one maintainer', :'maintainer_view', :'maintainer_query');

\echo '── Packages move to another section, in a transaction that reads its own changes and is rolled back'
\echo
\set ECHO queries
BEGIN;
UPDATE package SET section = 'moved' WHERE section = :'section' AND name LIKE 'lib%';
SELECT * FROM by_section WHERE section IN ('moved', :'section') ORDER BY section;
ROLLBACK;
SELECT * FROM by_section WHERE section IN ('moved', :'section') ORDER BY section;
\set ECHO none
\echo '── And once more, committed'
\echo
\set ECHO queries
UPDATE package SET section = 'moved' WHERE section = :'section' AND name LIKE 'lib%';
SELECT * FROM by_section WHERE section IN ('moved', :'section') ORDER BY section;
EXPLAIN (COSTS OFF) SELECT * FROM by_section WHERE section IN ('moved', :'section') ORDER BY section;
SELECT * FROM ivm_fdw_verify('by_section');
\set ECHO none
SELECT * FROM pg_temp.compare('all sections', 'SELECT * FROM by_section',
	'SELECT section, count(*), sum(installed_size), round(avg(installed_size), 1) FROM package GROUP BY section');

\echo '── How each part of a query would be kept; and what is refused says why'
\echo
\set ECHO queries
SELECT * FROM ivm_fdw_check('SELECT section, avg(installed_size) FROM package GROUP BY section');
\set ON_ERROR_STOP off
SELECT * FROM ivm_fdw_check('SELECT section, random() FROM package GROUP BY section');
\set ON_ERROR_STOP on
