-- Every aggregate over every type, against PostgreSQL's own to the last digit.
CREATE TABLE a (g int, i2 int2, i4 int4, i8 int8, n numeric, n2 numeric(10,2), f4 float4, f8 float8, iv interval, m money, b bool);

-- One view an argument, so that a difference has a name.
CREATE TABLE cases (name text, query text);
INSERT INTO cases
	SELECT 'sum_avg_' || c, format('SELECT g, sum(%1$s) AS s, avg(%1$s) AS a, count(%1$s) AS n FROM a GROUP BY g', c)
	FROM unnest('{i2,i4,i8,n,n2,f4,f8,iv}'::text[]) c;
INSERT INTO cases
	SELECT 'stat_' || c, format('SELECT g, stddev(%1$s), stddev_pop(%1$s), stddev_samp(%1$s),
		variance(%1$s), var_pop(%1$s), var_samp(%1$s) FROM a GROUP BY g', c)
	FROM unnest('{i2,i4,i8,n,n2}'::text[]) c;
INSERT INTO cases VALUES
	('money', 'SELECT g, sum(m) FROM a GROUP BY g'),
	('bool', 'SELECT g, bool_and(b), bool_or(b), every(b) FROM a GROUP BY g'),
	('counts', 'SELECT g, count(*) AS n, count(f8) AS f, count(*) FILTER (WHERE i4 > 1) AS some FROM a GROUP BY g'),
	('filters', 'SELECT g, sum(n) FILTER (WHERE b), avg(i4) FILTER (WHERE NOT b), stddev(n) FILTER (WHERE i2 IS NOT NULL) FROM a GROUP BY g'),
	('expressions', 'SELECT g + 1 AS g1, sum(i4 * 2::numeric) / count(*) AS s, coalesce(sum(n)::text, ''none'') AS t FROM a GROUP BY g'),
	('one_row', 'SELECT count(*), sum(n), avg(f8), stddev(i4), bool_or(b) FROM a'),
	('with_having', 'SELECT g, sum(i8) FROM a GROUP BY g HAVING count(*) > 2 AND bool_or(b)'),
	('bare', 'SELECT g FROM a GROUP BY g'),
	('distinct_', 'SELECT DISTINCT g, b FROM a'),
	('no_where', 'SELECT count(*), sum(i4) FROM a WHERE i4 > 1000000');
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT * FROM cases LOOP
		CALL make_view(c.name, c.query);
	END LOOP;
END $$;

CREATE FUNCTION compare_all() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT name || ': ' || r FROM cases, same(name::regclass) r WHERE r NOT LIKE '%same, from the store' ORDER BY name
$$;
SELECT compare_all();
INSERT INTO a VALUES
	(1, 1, 1, 1, 1.5, 1.5, 1.5, 1.5, '1 day', 1.50, true),
	(1, 2, 2, 2, 2.25, 2.25, 2.25, 2.25, '2 hours', 2.25, false),
	(1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(2, 32767, 2147483647, 9223372036854775807, 123456789012345678901234567890.123456789, 99999999.99, 1024, 1099511627776, '1 year 2 mons 3 days 04:05:06.789', 92233720368547758.07, true),
	(2, -32768, -2147483648, -9223372036854775808, -0.00000000000000000001, -99999999.99, -1024, -0.0009765625, '-1 mons +2 days -00:00:00.000001', -92233720368547758.08, true),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(4, 3, 3, 3, 'NaN', 3, 'NaN', 'NaN', '0', 3, false),
	(4, 4, 4, 4, 4, 4, 4, 4, '4 min', 4, true),
	(5, 5, 5, 5, 'Infinity', 5, 'Infinity', 'Infinity', '5 sec', 5, true),
	(5, 6, 6, 6, '-Infinity', 6, '-Infinity', '-Infinity', '6 sec', 6, true),
	(5, 7, 7, 7, 7.000, 7, 7, 7, '7 sec', 7, true),
	(6, 7, 7, 7, 10, 7, 7, 7, '7 days', 7, NULL),
	(6, 7, 7, 7, 20, 7, 7, 7, '7 days', 7, NULL),
	(6, 8, 8, 8, 20.0, 8, 8, 8, '8 days', 8, NULL),
	(NULL, 1, 1, 1, 1e-20, 0.01, 0.5, 0.5, '1 mon', 0.01, true),
	(NULL, 1, 1, 1, 1e20, 0.01, 0.5, 0.5, '1 mon', 0.01, true);
SELECT compare_all();
SELECT * FROM sum_avg_n ORDER BY g;
SELECT * FROM sum_avg_iv ORDER BY g;
SELECT * FROM stat_n2 ORDER BY g;
SELECT * FROM one_row;
SELECT * FROM no_where;
-- the value with the largest scale, the NaN, the infinities go away again
DELETE FROM a WHERE n = 2.25 OR n = 'NaN' OR n = '-Infinity' OR n = 20.0 AND n::text = '20.0';
SELECT compare_all();
SELECT * FROM sum_avg_n ORDER BY g;
DELETE FROM a WHERE n = 'Infinity';
SELECT compare_all();
INSERT INTO a SELECT i % 7, i, i * 1000, i::int8 * 1000000007, i / 8.0, i / 4.0, i / 8.0, i / 16.0, i * interval '1 day 2 hours 3.5 sec', i, i % 2 = 0
	FROM generate_series(-300, 300) i;
SELECT compare_all();
UPDATE a SET n = n * 1.10, i4 = i4 + 1, f8 = f8 * 2, iv = iv * 2, g = nullif(g, 6) WHERE i2 % 3 = 0;
SELECT compare_all();
DELETE FROM a WHERE i2 > 0;
SELECT compare_all();
DELETE FROM a;
SELECT compare_all();
SELECT * FROM one_row;

-- Sums of floats are exact, in the store and live: no drift, no order
CREATE TABLE f (x float8, y float8);
CALL make_view('f_view', 'SELECT sum(x) AS s, avg(x) AS a, sum(y) AS sy FROM f');
INSERT INTO f VALUES (1, 0.1);
INSERT INTO f VALUES (1e16, 0.2), (1e308, 0.3), (1e308, 5e-324);
SELECT sy FROM f_view;
DELETE FROM f WHERE x >= 1e16;
SELECT * FROM f_view;
INSERT INTO f SELECT 0.1, 0.1 FROM generate_series(1, 10);
SELECT s, sy FROM f_view;
SET ivm_fdw.use_store = off;
SELECT s, sy FROM f_view;
RESET ivm_fdw.use_store;
CALL make_view('f_stats', 'SELECT corr(x, y), covar_pop(x, y), covar_samp(x, y), regr_avgx(x, y), regr_avgy(x, y), regr_count(x, y),
	regr_intercept(x, y), regr_r2(x, y), regr_slope(x, y), regr_sxx(x, y), regr_sxy(x, y), regr_syy(x, y),
	stddev(x), stddev_pop(x), stddev_samp(x), variance(x), var_pop(x), var_samp(x) FROM f');
SELECT count(*) FROM ivm_fdw_verify('f_stats');
INSERT INTO f SELECT i / 7.0, i * i / 3.0 FROM generate_series(1, 100) i;
DELETE FROM f WHERE x > 13;
UPDATE f SET y = y + 1 WHERE x < 3;
SELECT count(*) FROM ivm_fdw_verify('f_stats');
SELECT round(corr::numeric, 10) AS corr, round(regr_slope::numeric, 10) AS slope, round(stddev::numeric, 10) AS stddev FROM f_stats;
SELECT round(corr(x, y)::numeric, 10) AS corr, round(regr_slope(x, y)::numeric, 10) AS slope, round(stddev(x)::numeric, 10) AS stddev FROM f;

SET client_min_messages = warning;
DROP TABLE a, f, cases CASCADE;
DROP FUNCTION compare_all;
