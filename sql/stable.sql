-- STABLE built-in functions: a view may use those that depend on pinned settings and on its rows only.
SET client_min_messages = warning;
CREATE SCHEMA stable;
SET search_path = stable, public;
SET TimeZone = 'Europe/Berlin';
SET DateStyle = 'ISO, MDY';
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE pair AS (a timestamptz, b mood);
CREATE TYPE plain_pair AS (a int, b mood);
CREATE TYPE odd_pair AS (a int, b regclass);
CREATE DOMAIN moment AS timestamptz;
CREATE TYPE span AS RANGE (subtype = moment);
CREATE TYPE own;
CREATE FUNCTION own_in(cstring) RETURNS own LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION own_out(own) RETURNS cstring LANGUAGE internal STABLE STRICT AS 'int4out';
CREATE TYPE own (INPUT = own_in, OUTPUT = own_out, LIKE = int4);
CREATE TYPE told AS ENUM ('x');
CREATE FUNCTION told_json(told) RETURNS json LANGUAGE sql IMMUTABLE AS $$SELECT '1'::json$$;
CREATE CAST (told AS json) WITH FUNCTION told_json(told);
CREATE TABLE t (id int PRIMARY KEY, at timestamptz, d date, ts timestamp, tod time, todz timetz, iv interval,
	txt text, n numeric, f float8, b bytea, m money, doc jsonb, tags text[], days date[], during tstzrange,
	gaps tstzmultirange, mood mood, pair pair, odd odd_pair, cls regclass, acl aclitem, span span, own own, told told);

-- judged(expressions): what becomes of each as a key; json has no equality, so print it
CREATE FUNCTION judged(expressions text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	expr text;
	r record;
BEGIN
	FOREACH expr IN ARRAY regexp_split_to_array(expressions, '\s*\n\s*') LOOP
		CONTINUE WHEN expr = '';
		RETURN NEXT expr;
		FOR r IN SELECT * FROM ivm_fdw_check(format('SELECT (%s)::text, count(*) FROM stable.t GROUP BY 1', expr)) LOOP
			IF r.part = 'refused' THEN
				RETURN NEXT format('   refused: %s (%s)', r.how, r.item);
			ELSIF r.part = 'instead' THEN
				RETURN NEXT '   instead: ' || r.how;
			END IF;
		END LOOP;
	END LOOP;
END $$;

\pset format unaligned
\pset tuples_only on
-- accepted: nothing is said
SELECT judged($$
	date_trunc('day', at)
	date_trunc('day', at, 'Asia/Tokyo')
	extract(hour FROM at)
	date_part('hour', at)
	at::date
	at::time
	at::timetz
	at::timestamp
	d::timestamptz
	ts::timestamptz
	at
	d
	ts
	at > d
	ts = at
	(at, at) OVERLAPS (at, iv)
	at + iv
	iv + at
	at - iv
	age(at, at)
	at AT TIME ZONE 'Asia/Tokyo'
	ts AT TIME ZONE 'Asia/Tokyo'
	make_timestamptz(2020, id, 1, 1, 1, 1)
	to_char(at, 'YYYY TZ')
	to_char(ts, 'TMMonth')
	to_char(iv, 'HH24')
	to_char(n, 'L9D99')
	to_char(id, '999')
	to_char(f, '999')
	to_timestamp(txt, 'YYYY')
	to_date(txt, 'YYYY')
	to_number(txt, '9G999')
	txt::interval
	txt::money
	m::numeric
	n::money
	iv
	f
	b
	tags::int[]
	days
	during
	gaps
	span
	pair
	mood
	txt::mood
	(id::text)::int[]
	concat(txt, id, at, days, during, mood)
	concat_ws(',', VARIADIC tags)
	format('%s %I %L', at, txt, pair)
	array_to_string(days, ',')
	txt || at
	d || txt
	quote_literal(at)
	quote_nullable(f)
	quote_ident(txt)
	to_json(at)
	to_jsonb(pair)
	jsonb_build_object('at', at, txt, days)
	json_build_array(at, during, mood)
	row_to_json(row(id, at, row(d, mood)))
	array_to_json(days)
	row(id, at)
	jsonb_populate_record(NULL::plain_pair, doc)
	txt::plain_pair
	to_tsvector(txt)
	to_tsvector(doc)
	to_tsvector('simple', txt)
	to_tsquery(txt)
	plainto_tsquery(txt)
	websearch_to_tsquery(txt)
	ts_headline(txt, to_tsquery(txt))
	convert_from(b, 'UTF8')
	convert_to(txt, 'UTF8')
	length(b, 'UTF8')
$$);

-- refused
SELECT judged($$
	now()
	at > CURRENT_TIMESTAMP
	age(at)
	LOCALTIME
	txt::date
	txt::timestamptz
	txt::time
	tags::date[]
	txt::pair
	txt::tstzrange
	jsonb_populate_record(NULL::pair, doc)
	tod::timetz
	todz AT TIME ZONE 'Europe/Berlin'
	jsonb_path_exists_tz(doc, '$.a')
	random()
	cls
	txt::regclass
	acl
	odd
	own
	ARRAY[own]
	concat(txt, cls)
	format('%s', odd)
	to_json(cls)
	to_jsonb(odd)
	row_to_json(row(1, row(cls)))
	to_json(told)
	to_json(own)
	enum_last(mood)
	pg_typeof(at)
	pg_column_size(txt)
	current_setting('TimeZone')
	CURRENT_USER
	current_schema()
	version()
	has_table_privilege(cls, 'SELECT')
	pg_get_viewdef(cls)
	to_regclass(txt)
	obj_description(cls)
	pg_relation_size(cls)
	get_current_ts_config()
$$);

-- XML, where the server has it
DO $$
DECLARE
	expr text;
	good bool;
BEGIN
	PERFORM '<a/>'::xml;
	FOR expr, good IN VALUES ('xmlelement(name a, at, b, days)', true), ('xmlforest(at, mood)', true),
			('xmlparse(document txt)', true), ('txt::xml', true), ('xmlserialize(content txt::xml AS text)', true),
			('xml_is_well_formed(txt)', true), ('xmlelement(name a, cls)', false), ('xmlforest(odd AS a)', false),
			('table_to_xml(cls, true, true, '''')', false) LOOP
		IF good <> NOT EXISTS (SELECT FROM judged(expr) j WHERE j ~ 'refused') THEN
			RAISE '% is judged wrongly', expr;
		END IF;
	END LOOP;
EXCEPTION WHEN feature_not_supported THEN
	NULL;
END $$;

-- a user's function is what it is declared, or what it is made of
CREATE FUNCTION day_of(timestamptz) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1::date::text';
CREATE FUNCTION zone_of(timestamptz) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1; END';
SELECT judged($$
	day_of(at)
	zone_of(at)
$$);
\pset format aligned
\pset tuples_only off

-- Settings at creation hold, whatever the session's are when rows change and are read.
INSERT INTO t (id, at, d, txt, f, n, m, b, days, mood, pair, iv)
	SELECT i, '2024-01-01 00:00+00'::timestamptz + i * interval '5 hours', DATE '2024-01-01' + i % 3, 'the word ' || i % 2, i / 3.0,
		i / 4.0, i % 2, '\x0102', ARRAY[DATE '2024-02-03'], CASE i % 2 WHEN 0 THEN 'sad' ELSE 'happy' END::mood,
		'("2024-01-01 00:00+00",sad)'::pair, '1 day 02:03'
	FROM generate_series(1, 20) i;
CALL make_view('by_day', $$SELECT date_trunc('day', at) AS day, count(*) AS n, sum(extract(hour FROM at)) AS hours FROM t GROUP BY 1$$);
CALL make_view('by_text', $$SELECT d::text, to_char(at, 'Day HH24'), iv::text, f::text, b::text, count(*) FROM t GROUP BY 1, 2, 3, 4, 5$$);
CALL make_view('by_json', $$SELECT jsonb_build_object('at', at, 'd', d, 'pair', pair, 'days', days) AS doc, count(*) FROM t WHERE at > d GROUP BY 1$$);
CALL make_view('by_row', $$SELECT row_to_json(row(at, f, mood))::text AS doc, concat(at, m, days) AS c, to_tsvector(txt) AS words, count(*) FROM t GROUP BY 1, 2, 3$$);
CALL make_view('by_order', $$SELECT at > d AS later, count(*) FROM t GROUP BY 1$$);
CREATE FUNCTION all_same(source boolean DEFAULT true) RETURNS text LANGUAGE sql VOLATILE AS
	$$SELECT string_agg(same(v, source), '; ') FROM unnest('{by_day,by_text,by_json,by_row,by_order}'::regclass[]) v$$;
CREATE FUNCTION all_rows() RETURNS TABLE (r text) LANGUAGE sql VOLATILE AS
	$$SELECT v::text FROM by_day v UNION ALL SELECT doc::text || count FROM by_json UNION ALL SELECT v::text FROM by_text v UNION ALL SELECT v::text FROM by_row v
	UNION ALL SELECT v::text FROM by_order v$$;
SELECT all_same();
SELECT * FROM by_day WHERE day = '2024-01-02 00:00+01';

SET TimeZone = 'America/New_York';
SET DateStyle = 'German';
SET IntervalStyle = 'iso_8601';
SET extra_float_digits = -5;
SET bytea_output = 'escape';
SET default_text_search_config = 'simple';
SELECT * FROM by_day WHERE day = '2024-01-02 00:00+01';
INSERT INTO t SELECT id + 100, at + interval '1 hour', d, ts, tod, todz, iv, txt, n, f, b, m, doc, tags, days, during, gaps, mood, pair
	FROM t WHERE id < 10;
UPDATE t SET at = at + interval '90 minutes' WHERE id % 3 = 0;
DELETE FROM t WHERE id % 5 = 0;
-- later in Berlin only
INSERT INTO t (id, at, d) VALUES (500, '2024-02-01 02:00+00', '2024-02-01');
-- the store and the query agree under these settings, too
CREATE TEMP TABLE seen AS SELECT * FROM all_rows();
SET ivm_fdw.use_store = off;
SELECT count(*) > 40 AS many, count(*) = (SELECT count(*) FROM (TABLE seen INTERSECT ALL SELECT * FROM all_rows()) x) AS same FROM seen;
RESET ivm_fdw.use_store;
SELECT v, (SELECT count(*) FROM ivm_fdw_verify(v)) FROM unnest('{by_day,by_text,by_json,by_row,by_order}'::regclass[]) v;
RESET IntervalStyle;
RESET extra_float_digits;
RESET bytea_output;
RESET default_text_search_config;
SET TimeZone = 'Europe/Berlin';
SET DateStyle = 'ISO, MDY';
SELECT all_same();

-- Labels and names of columns are in texts and documents: renaming them is followed.
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
SELECT all_same(false), (SELECT count(*) > 0 FROM by_row WHERE doc ~ 'blue') AS renamed;
ALTER TYPE pair RENAME ATTRIBUTE a TO moment;
SELECT all_same(false), (SELECT count(*) > 0 FROM by_json WHERE doc #> '{pair,moment}' IS NOT NULL) AS renamed;
SELECT ivm_fdw_rebuild() > 0;
UPDATE t SET id = id + 1000, f = f + 1;
SELECT all_same();

-- quote_ident depends on a setting that nobody expects
CALL make_view('by_ident', $$SELECT quote_ident(txt) AS i, format('%I', 'a' || id % 2) AS j, count(*) FROM t GROUP BY 1, 2$$);
SET quote_all_identifiers = on;
INSERT INTO t (id, txt) VALUES (1, 'word'), (2, 'word'), (3, 'word');
SELECT * FROM by_ident WHERE i = 'word' ORDER BY j;
SELECT count(*) FROM ivm_fdw_verify('by_ident');
RESET quote_all_identifiers;

-- Aggregates are what the functions are that they run; columns that FROM reads from text count, too.
CREATE TABLE u (id int, g int, at timestamptz, cls regclass, doc json);
INSERT INTO u SELECT i, i % 3, '2024-01-01 00:00+00'::timestamptz + i * interval '1 hour', 'pg_class', '[{"p": 1}]'
	FROM generate_series(1, 9) i;
CALL make_view('agg_array', 'SELECT g, json_agg(at ORDER BY id) AS r FROM u GROUP BY g');
CALL make_view('agg_object', 'SELECT g, jsonb_object_agg(id, at) AS r FROM u GROUP BY g');
CALL make_view('agg_window', 'SELECT id, json_agg(at) OVER (PARTITION BY g ORDER BY id) AS r FROM u');
CALL make_view('from_doc', 'SELECT u.id, x.p, x.s FROM u, json_to_recordset(doc) AS x(p int, s text)');
CALL make_view('from_times', $$SELECT u.id, x FROM u, generate_series(at, at + interval '60 days', interval '1 month') x$$);
SET TimeZone = 'America/New_York';
INSERT INTO u SELECT i, i % 3, '2024-02-01 00:00+00'::timestamptz + i * interval '1 hour', 'pg_class', '[{"p": 2, "s": "x"}]'
	FROM generate_series(11, 13) i;
SELECT r FROM agg_array WHERE g = 0;
SELECT r FROM agg_window WHERE id = 4;
SELECT x FROM from_times WHERE id = 1 ORDER BY x;
SET TimeZone = 'Europe/Berlin';
SELECT v, same(v), (SELECT count(*) FROM ivm_fdw_verify(v))
	FROM unnest('{agg_array,agg_object,agg_window,from_doc,from_times}'::regclass[]) v;
CREATE FUNCTION adds(int, int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1 + $2; END';
CREATE AGGREGATE adds_up(int) (sfunc = adds, stype = int, initcond = '0');
CREATE FUNCTION refused(query text) RETURNS SETOF text LANGUAGE sql AS
	'SELECT coalesce(item, how) || CASE part WHEN $$refused$$ THEN $$: $$ || how ELSE $$$$ END FROM ivm_fdw_check(query) WHERE part IN ($$refused$$, $$instead$$)';
\pset format unaligned
\pset tuples_only on
SELECT refused('SELECT g, json_agg(cls) FROM u GROUP BY g');
SELECT refused('SELECT g, adds_up(id) FROM u GROUP BY g');
SELECT refused('SELECT g, adds_up(id) OVER () FROM u');
SELECT refused('SELECT u.g, x.p FROM u, json_to_recordset(doc) AS x(p date)');
\pset format aligned
\pset tuples_only off

DROP SCHEMA stable CASCADE;
RESET search_path;
