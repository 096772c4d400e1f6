-- What cannot be kept is refused at CREATE, and told by ivm_fdw_check: what, where, what to write instead.
SET client_min_messages = warning;
CREATE SCHEMA refuse;
SET search_path = refuse, public;
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2), price float8, qty int, ok bool,
	at timestamptz, d date, ts timestamp, doc json, tags text[], mood text);
CREATE TABLE other (id int, v text);
CREATE TABLE unsortable (xmin_of xid, words tsvector);

-- refused(query): CREATE's SQLSTATE, and what check says; both must say the same (CREATE,
-- with a search_path of its own, qualifies names).
CREATE FUNCTION refused(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	state text := '00000';
	message text := 'CREATE accepts it';
	told boolean := false;
BEGIN
	BEGIN
		EXECUTE format('CREATE FOREIGN TABLE refused_view (c int) SERVER ivm OPTIONS (query %L)', query);
		DROP FOREIGN TABLE refused_view;
	EXCEPTION WHEN OTHERS THEN
		state := SQLSTATE;
		message := replace(SQLERRM, 'refuse.', '');
	END;
	RETURN NEXT query;
	FOR r IN SELECT * FROM ivm_fdw_check(query) LOOP
		IF r.part = 'refused' THEN
			told := true;
			RETURN NEXT '   ' || state || ' ' || r.how;
			IF r.how <> message THEN
				RETURN NEXT '   BUT CREATE SAYS: ' || message;
			END IF;
			RETURN NEXT '   at ' || coalesce(r.item, 'no position');
		ELSIF r.part IN ('why', 'instead') THEN
			RETURN NEXT '   ' || r.part || ': ' || r.how;
		END IF;
	END LOOP;
	IF NOT told THEN			-- columns that do not match are no judgement of the query
		RETURN NEXT '   check accepts it; ' ||
			CASE WHEN state = '42804' THEN 'CREATE accepts it' ELSE message END;
	END IF;
END $$;

-- how a client sees it: the position points into the query
\set VERBOSITY default
CREATE FOREIGN TABLE v (region text, lowest float8) SERVER ivm
	OPTIONS (query 'SELECT region, min(random()) FROM sales GROUP BY region');
CREATE FOREIGN TABLE v (n bigint) SERVER ivm
	OPTIONS (query 'SELECT count(*)
FROM sales
WHERE at > now()');
CREATE FOREIGN TABLE v (n bigint) SERVER ivm OPTIONS (query 'SELECT nothing FROM sales');
CREATE FOREIGN TABLE v (n bigint) SERVER ivm OPTIONS (query 'SELECT count(*) FRM sales');

\pset format unaligned
\pset tuples_only on
-- not one SELECT
SELECT refused('');
SELECT refused('SELECT count(*) FROM sales; SELECT 1');
SELECT refused('SELEC 1');
SELECT refused('INSERT INTO sales VALUES (1)');
SELECT refused('SELECT count(*) INTO x FROM sales');
SELECT refused('EXPLAIN SELECT count(*) FROM sales');
SELECT refused('TABLE sales');
SELECT refused('VALUES (1)');

-- PostgreSQL's own errors
SELECT refused('SELECT nope FROM sales GROUP BY 1');
SELECT refused('SELECT count(*) FROM nosuch');
SELECT refused('SELECT region, qty FROM sales GROUP BY region');
SELECT refused('SELECT $1, count(*) FROM sales');
SELECT refused('SELECT DISTINCT doc FROM sales');
SELECT refused('SELECT count(*) FROM sales WHERE qty = 1 / 0');
SELECT refused('SELECT count(*) FROM sales WHERE region COLLATE "C" < region COLLATE "POSIX"');

-- clauses
SELECT refused('WITH w AS (SELECT * FROM sales) SELECT count(*) FROM w');
SELECT refused('SELECT count(*) FROM sales UNION ALL SELECT count(*) FROM other');
SELECT refused('SELECT id FROM sales EXCEPT SELECT id FROM other');
SELECT refused('SELECT region FROM sales GROUP BY region LIMIT 3');
SELECT refused('SELECT region FROM sales GROUP BY region OFFSET 3');
SELECT refused('SELECT region FROM sales FOR UPDATE');
SELECT refused('SELECT count(*) FROM sales FOR SHARE OF sales');
SELECT refused('SELECT region, count(*) FROM (SELECT * FROM sales FOR UPDATE) x GROUP BY region');
SELECT refused('WITH w AS (SELECT * FROM sales FOR NO KEY UPDATE) SELECT count(*) FROM w');
SELECT refused('WITH w AS MATERIALIZED (SELECT * FROM sales FOR UPDATE SKIP LOCKED) SELECT region, qty FROM w');
SELECT refused('SELECT x.qty FROM other, LATERAL (SELECT * FROM sales FOR KEY SHARE) x WHERE x.id = other.id');
SELECT refused('SELECT region, n FROM (SELECT region, count(*) AS n FROM (SELECT * FROM sales FOR UPDATE) x GROUP BY region) y LIMIT 3');
SELECT refused('WITH RECURSIVE w AS (SELECT id FROM sales UNION ALL SELECT o.id FROM other o JOIN w USING (id)) SELECT count(*) FROM w');
SELECT refused('WITH w AS (INSERT INTO sales VALUES (1) RETURNING *) SELECT count(*) FROM w');
SELECT refused('SELECT region, count(*) FROM sales GROUP BY ROLLUP (region)');
SELECT refused('SELECT count(*) FROM sales GROUP BY ()');
SELECT refused('SELECT region, grouping(region) FROM sales GROUP BY region');
SELECT refused('SELECT DISTINCT ON (region) region, qty FROM sales');
SELECT refused('SELECT DISTINCT count(*) FROM sales GROUP BY region');
SELECT refused('SELECT region, qty FROM sales WHERE ok');

-- expressions
SELECT refused('SELECT count(*), (SELECT max(id) FROM other) FROM sales');
SELECT refused('SELECT count(*) FROM sales WHERE id IN (SELECT id FROM other)');
SELECT refused('SELECT region, rank() OVER (ORDER BY count(*)) FROM sales GROUP BY region');
SELECT refused('SELECT region, generate_series(1, 3) FROM sales GROUP BY region');
SELECT refused('SELECT o, count(*) FROM other o GROUP BY o');
SELECT refused('SELECT count(s) FROM sales s');
SELECT refused('SELECT ctid, count(*) FROM sales GROUP BY ctid');
SELECT refused('SELECT count(*) FROM sales WHERE tableoid = 1');
SELECT refused('SELECT count(*) FROM sales GROUP BY ROW(region, qty)');
SELECT refused('SELECT xmin_of, words, count(*) FROM unsortable GROUP BY xmin_of, words');
SELECT refused('SELECT DISTINCT xmin_of, words FROM unsortable');
SELECT refused('SELECT id, doc, count(*) FROM sales GROUP BY id');
SELECT refused('SELECT s.tableoid, s FROM (SELECT tableoid, qty FROM sales) s');
SELECT refused('SELECT doc FROM sales ORDER BY qty LIMIT 3');
SELECT refused('SELECT region, qty FROM sales ORDER BY random() LIMIT 3');
SELECT refused('SELECT region, qty FROM sales ORDER BY qty LIMIT (random() * 3)::int');
SELECT refused('SELECT region, sum(qty) OVER (ORDER BY id ROWS BETWEEN (random() * 3)::int PRECEDING AND CURRENT ROW) FROM sales');
SELECT refused('SELECT max(n) FROM (SELECT region, count(*) AS n FROM sales WHERE at > now() GROUP BY region) x');
SELECT refused('SELECT region, t FROM sales, unnest(tags || random()::text) t');

-- aggregates
CREATE AGGREGATE my_sum(int) (sfunc = int4pl, stype = int, initcond = '0');
SELECT refused('SELECT region, min(qty), count(*) FROM sales GROUP BY region');
SELECT refused('SELECT string_agg(region, '','') FROM sales');
SELECT refused('SELECT my_sum(qty) FROM sales');
SELECT refused('SELECT count(DISTINCT qty) FROM sales');
SELECT refused('SELECT sum(qty ORDER BY id) FROM sales');
SELECT refused('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY qty) FROM sales');
SELECT refused('SELECT count(*) FROM sales HAVING max(qty) > 1');
CREATE FUNCTION rolls_plus(int, int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT $1 + $2';
CREATE AGGREGATE volatile_sum(int) (sfunc = rolls_plus, stype = int, initcond = '0');
SELECT refused('SELECT volatile_sum(qty) FROM sales');
SELECT refused('SELECT volatile_sum(qty) OVER (PARTITION BY region) FROM sales');
SELECT refused('SELECT string_agg(region, random()::text) FROM sales');
SELECT refused('SELECT count(DISTINCT random()) FROM sales');
SELECT refused('SELECT array_agg(qty ORDER BY random()) FROM sales');

-- functions
CREATE FUNCTION rolls(int) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN random() * $1; END';
CREATE FUNCTION looks_up(int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION looks_up(int, int) RETURNS bool LANGUAGE plpgsql STABLE AS 'BEGIN RETURN true; END';
CREATE FUNCTION day_of(text) RETURNS date LANGUAGE sql STABLE AS 'SELECT $1::date';
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = looks_up);
CREATE TYPE mood AS ENUM ('sad', 'happy');
ALTER TABLE sales ALTER mood TYPE mood USING NULL;
SELECT refused('SELECT rolls(qty), count(*) FROM sales GROUP BY 1');
SELECT refused('SELECT looks_up(qty), count(*) FROM sales GROUP BY 1');
SELECT refused('SELECT day_of(region), count(*) FROM sales GROUP BY 1');
SELECT refused('SELECT region, random(), count(*) FROM sales GROUP BY region');
SELECT refused('SELECT region, count(*) FROM sales GROUP BY region HAVING count(*) > random()');
SELECT refused('SELECT sum(qty) FILTER (WHERE at > now()) FROM sales');
SELECT refused('SELECT count(*) FROM sales WHERE at > now() - interval ''1 day''');
SELECT refused('SELECT count(*) FROM sales WHERE d = CURRENT_DATE');
SELECT refused('SELECT count(*) FROM sales WHERE region = CURRENT_USER');
SELECT refused('SELECT region::date, count(*) FROM sales GROUP BY 1');
SELECT refused('SELECT jsonb_path_exists_tz(to_jsonb(at), ''$''), count(*) FROM sales GROUP BY 1');
SELECT refused('SELECT count(*) FROM sales WHERE qty === id');
SELECT refused('SELECT ''é'', to_regclass(region), count(*) FROM sales GROUP BY 1, 2');
SELECT refused('SELECT id::regclass::text, count(*) FROM sales GROUP BY 1');
SELECT refused('SELECT enum_first(mood), count(*) FROM sales GROUP BY 1');
SELECT refused('SELECT tags::date[], count(*) FROM sales GROUP BY 1');
SELECT refused('SELECT to_json(qty::regtype)::text, count(*) FROM sales GROUP BY 1');
SELECT refused('SELECT concat(region, qty::regtype), count(*) FROM sales GROUP BY 1');

-- FROM
CREATE VIEW plain_view AS SELECT * FROM sales;
CREATE MATERIALIZED VIEW stored_view AS SELECT * FROM sales;
CREATE TEMP TABLE passing (a int);
CREATE SEQUENCE numbers;
CREATE FOREIGN DATA WRAPPER refuse_wrapper;
CREATE SERVER refuse_server FOREIGN DATA WRAPPER refuse_wrapper;
CREATE FOREIGN TABLE elsewhere (a int) SERVER refuse_server;
CREATE TABLE partitioned (a int) PARTITION BY RANGE (a);
CREATE FOREIGN TABLE partition_elsewhere PARTITION OF partitioned FOR VALUES FROM (0) TO (9) SERVER refuse_server;
CREATE TABLE parent (id int PRIMARY KEY, name text);
CREATE TABLE child () INHERITS (parent);
CREATE FOREIGN TABLE our_view (region text, n bigint) SERVER ivm
	OPTIONS (query 'SELECT region, count(*) FROM sales GROUP BY region');
SELECT refused('SELECT count(*)');
SELECT refused('SELECT count(*) FROM sales JOIN other USING (id)');
SELECT refused('SELECT count(*) FROM sales, other');
SELECT refused('SELECT count(*) FROM sales s, LATERAL (SELECT s.id) x');
SELECT refused('SELECT count(*) FROM (SELECT * FROM sales) x');
SELECT refused('SELECT count(*) FROM (VALUES (1)) x');
SELECT refused('SELECT count(*) FROM generate_series(1, 2)');
SELECT refused('SELECT count(*) FROM sales TABLESAMPLE system (10)');
SELECT refused('SELECT count(*) FROM plain_view');
SELECT refused('SELECT count(*) FROM stored_view');
SELECT refused('SELECT count(*) FROM passing');
SELECT refused('SELECT count(*) FROM numbers');
SELECT refused('SELECT count(*) FROM elsewhere');
SELECT refused('SELECT count(*) FROM our_view');
SELECT refused('SELECT count(*) FROM pg_class');
SELECT refused('SELECT count(*) FROM ivm_fdw.view');
SELECT refused('SELECT count(*) FROM partitioned');
SELECT refused('SELECT count(*) FROM ONLY partitioned');
SELECT refused('SELECT id, name, count(*) FROM parent GROUP BY id');
CREATE TEMP TABLE passing_child () INHERITS (parent);
SELECT refused('SELECT count(*) FROM parent');

-- nothing was left behind
SELECT count(*) FROM pg_foreign_table WHERE ftrelid::regclass::text ~ 'refused_view';
\pset format aligned
\pset tuples_only off
DROP SCHEMA refuse CASCADE;
DROP TABLE passing;
DROP FOREIGN DATA WRAPPER refuse_wrapper CASCADE;
RESET search_path;
