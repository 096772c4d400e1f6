-- Which conditions become key conditions, and that they find the right rows, in
-- the store and live.

-- push(view, condition): what EXPLAIN says, and whether view and query agree under
-- the condition, from the store and live.  shown: what of each row is compared.
CREATE FUNCTION push(view regclass, condition text, shown text DEFAULT 'v::text', OUT plan text, OUT rows bigint, OUT result text)
LANGUAGE plpgsql AS $$
DECLARE
	query text;
	line text;
	before record;
	after record;
BEGIN
	SELECT option_value INTO STRICT query
		FROM pg_foreign_table, pg_options_to_table(ftoptions)
		WHERE ftrelid = view AND option_name = 'query';
	FOR line IN EXECUTE format('EXPLAIN (COSTS OFF) SELECT * FROM %s v WHERE %s', view, condition) LOOP
		IF line ~ '(Key Cond|Filter|One-Time Filter|Access):' THEN
			plan := concat_ws('; ', plan, trim(line));
		END IF;
	END LOOP;
	plan := coalesce(plan, 'no scan');
	result := '';
	FOR i IN 1 .. 2 LOOP
		PERFORM set_config('ivm_fdw.use_store', CASE i WHEN 1 THEN 'on' ELSE 'off' END, true);
		SELECT * INTO before FROM ivm_fdw.session_reads();
		EXECUTE format('WITH v AS MATERIALIZED (SELECT %4$s AS r FROM %1$s v WHERE %2$s),
				q AS MATERIALIZED (SELECT %4$s AS r FROM (%3$s) v WHERE %2$s)
			SELECT (SELECT count(*) FROM v), CASE WHEN EXISTS
				((TABLE v EXCEPT ALL TABLE q) UNION ALL (TABLE q EXCEPT ALL TABLE v))
				THEN ''DIFFERENT'' ELSE ''same'' END', view, condition, query, shown) INTO rows, line;
		SELECT * INTO after FROM ivm_fdw.session_reads();
		result := concat_ws(', ', NULLIF(result, ''), line ||
			CASE WHEN after.live > before.live THEN ' live'
				WHEN after.store > before.store THEN ' from the store'
				ELSE '' END);
	END LOOP;
	PERFORM set_config('ivm_fdw.use_store', 'on', true);
END $$;

-- Two leading columns that are ordered, one that is not
CREATE TABLE t (a int, b text COLLATE "C", c text COLLATE "und-x-icu", x numeric);
INSERT INTO t
	SELECT NULLIF(i % 8, 7), NULLIF('b' || i % 5, 'b4'), NULLIF('c' || i % 3, 'c2'), i FROM generate_series(1, 600) i;
CALL make_view('v', 'SELECT a, b, c, count(*) AS n, sum(x) AS s, a + 1 AS a1 FROM t GROUP BY a, b, c');

SELECT condition, p.* FROM unnest(ARRAY[
	-- one column
	'a = 3', '3 = a', 'a = 3::bigint', 'a = 3::smallint', 'a = 3.0', 'a = 9999999999', 'a < 2', 'a <= 2', 'a > 4', '4 < a', 'a >= 4',
	'a >= 2 AND a < 4', 'a BETWEEN 2 AND 4', 'a > 4 AND a < 2', 'a = 3 AND a = 4', 'a = 3 AND a > 2', 'a <> 3', 'a = NULL',
	'a IS NULL', 'a IS NOT NULL', 'a IS NULL AND a > 1', 'a > -2147483649', 'a IS DISTINCT FROM 3',
	-- several
	'a = 3 AND b = ''b1''', 'a = 3 AND b > ''b1''', 'a > 3 AND b = ''b1''', 'b = ''b1''', 'a = 3 AND c = ''c1''',
	'a = 3 AND b = ''b1'' AND c = ''c1''', 'a = 3 AND b = ''b1'' AND c IS NULL', 'a = 3 AND b IS NULL', 'a IS NULL AND b IS NULL AND c IS NULL',
	'a = 3 AND b = ''b1'' AND c > ''c''', 'a = 3 AND b IS NOT NULL AND c = ''c1''', 'a = 3 AND (b = ''b1'' OR c = ''c1'')',
	-- arrays
	'a IN (1, 3, 5)', 'a = ANY (ARRAY[5, 3, 1, 3, NULL])', 'a = ANY (NULL::int[])', 'a = ANY (''{}''::int[])', 'a IN (1, 3) AND b IN (''b2'', ''b1'')',
	'a IN (1, 3) AND b > ''b1''', 'a IN (1, 3, 5) AND a > 2', 'a IN (1, 3) AND a IN (3, 5)', 'a <> ALL (ARRAY[1, 2])', 'a > ANY (ARRAY[3, 5])',
	'a = ANY (ARRAY[1, 3]::bigint[])', 'a IN (1, 3) AND b IN (''b1'', ''b2'') AND c IN (''c0'', ''c1'')',
	-- not on keys, or not on their bytes
	'n > 20', 'a1 = 4', 'a + 0 = 3', 'a = 3 AND n > 5', 'a = length(b)', 'a = n', 'b = ''b1'' COLLATE "POSIX" AND a = 1', 'b > ''b1'' COLLATE "POSIX" AND a = 1',
	'b LIKE ''b1%'' AND a = 1', 'a = 3 AND b::varchar = ''b1''', 'a = 3 AND b = ''b1''::name', 'a::bigint = 3', 'a = (random() * 0)::int + 3',
	-- run time values
	'a = (SELECT 3)', 'a = (SELECT max(g) FROM generate_series(1, 3) g)', 'a IN (SELECT g FROM generate_series(2, 3) g)', 'a = ANY (ARRAY(SELECT generate_series(2, 3)))',
	'a = (SELECT NULL::int)', 'a = length(current_user) - length(current_user) + 3', 'a < (SELECT 2) AND a > (SELECT 0)',
	'EXISTS (SELECT 1 FROM generate_series(2, 3) g WHERE g = v.a)', 'true', 'false', 'NULL'
]) WITH ORDINALITY c (condition, n), push('v', condition) p ORDER BY c.n;

-- A boolean key; expressions as keys; one row
CREATE TABLE u (f boolean, d date, x numeric(10, 2), y numeric, e float8, s varchar(10) COLLATE "C");
INSERT INTO u SELECT NULLIF(i % 3, 2) = 0, date '2024-01-01' + i % 7, i % 4, (ARRAY['1', '1.0', '1.00', '2', '2.50', 'NaN'])[1 + i % 6]::numeric,
	(ARRAY['0', '-0', 'NaN', 'Infinity', '1.5'])[1 + i % 5]::float8, 's' || i % 4 FROM generate_series(1, 300) i;
CALL make_view('flags', 'SELECT count(*) AS n, f, d FROM u GROUP BY f, d');
SELECT condition, p.* FROM unnest(ARRAY['f', 'NOT f', 'f IS TRUE', 'f IS NOT TRUE', 'f IS UNKNOWN', 'f = true', 'f IS NULL', 'f <> true',
	'f AND d = ''2024-01-03''', 'f AND d > ''2024-01-03''::timestamp', 'f AND d >= ''2024-01-03'' AND d < ''2024-01-05''', 'f IN (true, false) AND d = ''2024-01-03''', 'f > false'
]) WITH ORDINALITY c (condition, n), push('flags', condition) p ORDER BY c.n;

CALL make_view('forms', 'SELECT y, e, count(*) AS n FROM u GROUP BY y, e');
SELECT condition, p.* FROM unnest(ARRAY['y = 1', 'y = 1.000', 'y > 1', 'y >= 2.5', 'y = ''NaN''', 'y < ''NaN''', 'y = 1 AND e = 0', 'y = 1 AND e = -0.0',
	'y = 1 AND e = 0::real', 'y = 1 AND e > 1', 'y = 1 AND e = ''NaN''', 'y IN (1, 2) AND e IN (0, 1.5)', 'y = 1::int'
]) WITH ORDINALITY c (condition, n), push('forms', condition, 'ROW(trim_scale(y), e + 0, n)::text') p ORDER BY c.n;

CALL make_view('months', 'SELECT date_trunc(''month'', d::timestamp) AS month, x::int AS x, s, sum(y) FROM u GROUP BY 1, 2, 3');
SELECT condition, p.* FROM unnest(ARRAY['month = ''2024-01-01''', 'month >= ''2024-01-01'' AND x = 2', 'month = date ''2024-01-01'' AND x = 2 AND s = ''s2''',
	'month = ''2024-01-01'' AND x = 2 AND s > ''s1''::text', 'x = 2']) WITH ORDINALITY c (condition, n), push('months', condition) p ORDER BY c.n;

CALL make_view('total', 'SELECT count(*) AS n, sum(x) AS s FROM u');
SELECT condition, p.* FROM unnest(ARRAY['true', 'n > 5', 'n < 5']) WITH ORDINALITY c (condition, n), push('total', condition) p ORDER BY c.n;

-- Keys known by equality only
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE h (n text COLLATE nocase, j jsonb, m mood, l int[], x int);
INSERT INTO h SELECT (ARRAY['abc', 'ABC', 'Abc', 'def', NULL])[1 + i % 5], jsonb_build_object('k', i % 3),
	(ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::mood, ARRAY[i % 2, 1], i FROM generate_series(1, 200) i;
CALL make_view('hashed', 'SELECT n, j, m, l, count(*) AS c, sum(x) AS s FROM h GROUP BY n, j, m, l');
-- (which form of equal values is shown is open)
SELECT condition, p.* FROM unnest(ARRAY['n = ''aBC''', 'n > ''a''', 'n IN (''abc'', ''def'')', 'n IS NULL', 'n = ''def'' AND j = ''{"k": 1}''',
	'n = ''def'' AND j = ''{"k": 1}'' AND m = ''ok''', 'n = ''def'' AND j = ''{"k": 1}'' AND m = ''ok'' AND l = ARRAY[1, 1]', 'n = ''def'' AND j > ''{"k": 1}''', 'n IS NOT NULL'
]) WITH ORDINALITY c (condition, n), push('hashed', condition, 'ROW(lower(n), j, m, l, c, s)::text') p ORDER BY c.n;

-- Random conditions on a view of three ordered columns
SELECT setseed(0.42);
CREATE TABLE r (i int, t text COLLATE "C", d numeric(6, 2));
INSERT INTO r SELECT NULLIF((random() * 20)::int, 20), NULLIF(chr(97 + (random() * 5)::int), 'f'), NULLIF((random() * 10)::int, 9) / 2.0 FROM generate_series(1, 3000);
CALL make_view('rv', 'SELECT i, t, d, count(*) AS n FROM r GROUP BY i, t, d');
DO $$
DECLARE
	ops text[] := ARRAY['=', '=', '<', '<=', '>', '>=', '<>'];
	condition text;
	p record;
BEGIN
	FOR round IN 1 .. 300 LOOP
		SELECT string_agg(CASE (random() * 10)::int
				WHEN 0 THEN col || ' IS NULL'
				WHEN 1 THEN col || ' IS NOT NULL'
				WHEN 2 THEN format('%s IN (%s, %s, %s)', col, v1, v2, v3)
				WHEN 3 THEN format('%s BETWEEN %s AND %s', col, v1, v2)
				WHEN 4 THEN format('%s %s (SELECT %s)', col, ops[1 + (random() * 6)::int], v1)
				WHEN 5 THEN format('%1$s = ANY (ARRAY[%2$s, %3$s]) AND %1$s %4$s %5$s', col, v1, v2, ops[1 + (random() * 6)::int], v3)
				ELSE format('%s %s %s', col, ops[1 + (random() * 6)::int], v1) END, ' AND ')
			INTO condition
			FROM (SELECT col, CASE col WHEN 'i' THEN (random() * 20)::int::text WHEN 'd' THEN ((random() * 10)::int / 2.0)::text ELSE quote_literal(chr(97 + (random() * 5)::int)) END AS v1,
				CASE col WHEN 'i' THEN (random() * 20)::int::text WHEN 'd' THEN ((random() * 10)::int / 2.0)::text ELSE quote_literal(chr(97 + (random() * 5)::int)) END AS v2,
				CASE col WHEN 'i' THEN (random() * 20)::int::text WHEN 'd' THEN ((random() * 10)::int / 2.0)::text ELSE quote_literal(chr(97 + (random() * 5)::int)) END AS v3
				FROM unnest(CASE (random() * 3)::int WHEN 0 THEN ARRAY['i'] WHEN 1 THEN ARRAY['i', 't'] WHEN 2 THEN ARRAY['i', 't', 'd'] ELSE ARRAY['i', 'i', 't'] END) col) c;
		p := push('rv', condition);
		IF p.result <> 'same from the store, same live' AND p.result <> 'same, same' THEN
			RAISE NOTICE '%: % (%)', condition, p.result, p.plan;
		END IF;
		IF round % 100 = 0 THEN			-- with pending deltas
			UPDATE r SET i = i + 1 WHERE i % 5 = 0;
		END IF;
	END LOOP;
END $$;
SELECT same('rv') ~ 'same, from the store' AS same;
DROP FUNCTION push;
DROP FOREIGN TABLE v, flags, forms, months, total, hashed, rv;
DROP TABLE t, u, h, r;
DROP TYPE mood;
DROP COLLATION nocase;
