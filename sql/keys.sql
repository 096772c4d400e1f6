-- Group keys of every type: groups, lookups by =, IN, ranges and IS NULL, and order.
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);

CREATE TABLE key_type (type text, sorts bool, literals text[]);
INSERT INTO key_type VALUES
	('bool', true, '{t,f}'),
	('int2', true, '{0,1,-1,32767,-32768}'),
	('int4', true, '{0,1,-1,2147483647,-2147483648}'),
	('int8', true, '{0,1,-1,9223372036854775807,-9223372036854775808}'),
	('positive', true, '{1,2,3}'),
	('numeric', true, '{0,1,-1,0.5,-0.5,10,100,99.99,1e40,-1e40,1e-40,NaN,Infinity,-Infinity,12345678901234567890.123456789}'),
	('numeric(6,2)', true, '{0,1,-1,0.5,9999.99}'),
	('float4', true, '{0,1,-1,0.5,1e38,-1e38,1e-45,NaN,Infinity,-Infinity}'),
	('float8', true, '{0,1,-1,0.5,1e308,-1e308,5e-324,NaN,Infinity,-Infinity}'),
	('money', true, '{0,1.00,-1.00,92233720368547758.07}'),
	('date', true, '{2000-01-01,1999-12-31,2024-02-29,infinity,-infinity,4713-01-01 BC}'),
	('time', true, '{00:00,12:00,23:59:59.999999,24:00}'),
	('timetz', true, '{12:00+00,13:00+01,12:00-08,00:00+15}'),
	('timestamp', true, '{2000-01-01,1999-12-31 23:59:59.999999,infinity,-infinity}'),
	('timestamptz', true, '{2000-01-01 00:00+00,1999-12-31 23:59:59.999999+00,infinity,-infinity}'),
	('interval', true, '{0,1 day,-1 day,1 mon,1 year,00:00:00.000001,-178000000 years}'),
	('uuid', true, '{00000000-0000-0000-0000-000000000000,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,ffffffff-ffff-ffff-ffff-ffffffffffff}'),
	('oid', true, '{0,1,4294967295}'),
	('"char"', true, '{a,b,""}'),
	('name', true, '{a,b,"",Zebra}'),
	('bytea', true, $${"\\x","\\x00","\\x0000","\\x00ff","\\xff","\\x01"}$$),
	('text', true, '{a,b,A,"",ab,é,zebra,"a b"}'),
	('text COLLATE "C"', true, '{a,b,A,"",ab,é,zebra,"a b"}'),
	('text COLLATE "POSIX"', true, '{a,b,A,""}'),
	('text COLLATE "en-x-icu"', true, '{a,b,A,"",ab,é,zebra,"a b"}'),
	('varchar(5)', true, '{a,b,abcde,""}'),
	('bpchar(4)', true, '{a,b,abcd,""}'),
	('inet', true, '{10.0.0.1,10.0.0.1/8,10.0.0.2,::1}'),
	('cidr', true, '{10.0.0.0/8,10.0.0.0/16,::/0}'),
	('macaddr', true, '{08:00:2b:01:02:03,ff:ff:ff:ff:ff:ff}'),
	('macaddr8', true, '{08:00:2b:01:02:03:04:05,ff:ff:ff:ff:ff:ff:ff:ff}'),
	('bit(3)', true, '{000,001,101,111}'),
	('varbit', true, '{"",0,1,00,10,100,000000001}'),
	('pg_lsn', true, '{0/0,16/B374D848,FFFFFFFF/FFFFFFFF}'),
	('xid8', true, '{3,18446744073709551615}'),
	('xid', false, '{3,4294967295}'),
	('mood', true, '{sad,ok,happy}'),
	('pair', true, '{"(1,a)","(1,b)","(,)","(2,)"}'),
	('int4[]', true, '{"{}","{1,2}","{NULL,1}","{{1},{2}}"}'),
	('text[]', true, '{"{}","{a}","{A,b}"}'),
	('int4range', true, '{empty,"[1,5)","[3,)","(,)"}'),
	('nummultirange', true, $${"{}","{[1,5)}","{[1.5,2],[3,4]}"}$$),
	('jsonb', true, $${"1","\"x\"","null","[1, 2]","{\"a\": 1}"}$$),
	('tsvector', true, $${"","a b","x:1"}$$),
	('tsquery', true, '{a,a & b,!c}'),
	('tid', true, '{"(0,1)","(0,2)","(4294967295,65535)"}'),
	('oidvector', true, '{"","1 2","3"}'),
	('regclass', true, '{pg_class,pg_type}'),
	('cid', false, '{0,4294967295}'),
	('pg_snapshot', false, '{}');
DELETE FROM key_type WHERE literals = '{}';

-- check_type: writes of every kind, and each read a view can answer from its key.
CREATE PROCEDURE check_type(type text, sorts bool, literals text[])
LANGUAGE plpgsql AS $$
DECLARE
	lit text;
	bare text = split_part(type, ' COLLATE', 1);
	op text;
	differences bigint;
BEGIN
	EXECUTE format('CREATE TABLE kt (k %s, k2 int, x int)', type);
	EXECUTE format('INSERT INTO kt SELECT v::%s, i, i FROM unnest(%L::text[]) v, generate_series(1, 3) i', bare, literals);
	INSERT INTO kt VALUES (NULL, 1, 1), (NULL, NULL, 2), (NULL, 2, 2);
	CALL make_view('kv', 'SELECT k, count(*) AS n, sum(x) AS s FROM kt GROUP BY k');
	CALL make_view('kv2', 'SELECT k2, k, count(*) AS n, sum(x) AS s FROM kt GROUP BY k2, k');
	COMMIT;
	INSERT INTO kt SELECT k, 1, 10 FROM kt WHERE k2 = 1;
	UPDATE kt SET x = 7 WHERE k2 = 2;
	EXECUTE format('UPDATE kt SET k = %L::%s WHERE k2 = 3 AND x = 3', literals[1], bare);
	EXECUTE format('DELETE FROM kt WHERE k = %L::%s AND k2 = 1', literals[2], bare);
	COMMIT;
	IF same('kv') NOT LIKE '%same, from the store' OR same('kv2') NOT LIKE '%same, from the store' THEN
		RAISE WARNING '%', type || ': ' || same('kv') || '; ' || same('kv2');
	END IF;
	FOREACH lit IN ARRAY array_append(literals, NULL) LOOP
		FOREACH op IN ARRAY CASE WHEN sorts THEN '{=,<,<=,>,>=,<>}'::text[] ELSE '{=}' END LOOP
			EXECUTE format('WITH v AS MATERIALIZED (SELECT v::text AS r FROM kv v WHERE k %1$s %2$L::%3$s),
					q AS MATERIALIZED (SELECT q::text AS r FROM (SELECT k, count(*) AS n, sum(x) AS s FROM kt GROUP BY k) q WHERE k %1$s %2$L::%3$s)
				SELECT count(*) FROM ((TABLE v EXCEPT ALL TABLE q) UNION ALL (TABLE q EXCEPT ALL TABLE v)) d', op, lit, bare)
				INTO differences;
			IF differences > 0 THEN
				RAISE WARNING '%', format('%s: %s rows differ where k %s %L', type, differences, op, lit);
			END IF;
			EXECUTE format('WITH v AS MATERIALIZED (SELECT v::text AS r FROM kv2 v WHERE k2 = 1 AND k %1$s %2$L::%3$s),
					q AS MATERIALIZED (SELECT q::text AS r FROM (SELECT k2, k, count(*) AS n, sum(x) AS s FROM kt GROUP BY k2, k) q WHERE k2 = 1 AND k %1$s %2$L::%3$s)
				SELECT count(*) FROM ((TABLE v EXCEPT ALL TABLE q) UNION ALL (TABLE q EXCEPT ALL TABLE v)) d', op, lit, bare)
				INTO differences;
			IF differences > 0 THEN
				RAISE WARNING '%', format('%s: %s rows differ where k2 = 1 and k %s %L', type, differences, op, lit);
			END IF;
		END LOOP;
	END LOOP;
	IF (SELECT count(*) FROM kv WHERE k IS NULL) <> (SELECT count(*) FROM (SELECT k FROM kt WHERE k IS NULL GROUP BY k) q) THEN
		RAISE WARNING '%', type || ': IS NULL is wrong';
	END IF;
	IF type NOT LIKE '%[]' THEN
		EXECUTE format('SELECT (SELECT count(*) FROM kv WHERE k = ANY (%1$L::%2$s[]))
			- (SELECT count(*) FROM (SELECT k FROM kt WHERE k = ANY (%1$L::%2$s[]) GROUP BY k) q)', literals[1:2], bare) INTO differences;
		IF differences <> 0 THEN
			RAISE WARNING '%', type || ': = ANY is wrong';
		END IF;
	END IF;
	IF sorts THEN
		SELECT count(*) INTO differences FROM (SELECT k, lag(k) OVER () AS before FROM (SELECT k FROM kv ORDER BY k) o) o WHERE before > k;
		IF differences > 0 OR (SELECT bool_or(k IS NOT NULL) FROM (SELECT k FROM kv ORDER BY k NULLS FIRST LIMIT 1) o) THEN
			RAISE WARNING '%', type || ': order is wrong';
		END IF;
	END IF;
	DELETE FROM kt WHERE x = 7;
	IF same('kv') NOT LIKE '%same, from the store' OR same('kv2') NOT LIKE '%same, from the store' THEN
		RAISE WARNING '%', type || ', in the end: ' || same('kv') || '; ' || same('kv2');
	END IF;
	DROP TABLE kt CASCADE;
	COMMIT;
END $$;
SET client_min_messages = warning;
DO $$
DECLARE
	k record;
BEGIN
	FOR k IN SELECT * FROM key_type LOOP
		CALL check_type(k.type, k.sorts, k.literals);
	END LOOP;
END $$;
RESET client_min_messages;

-- Equal values of different form are one group, which shows a form that it still has
CREATE TABLE forms (n numeric, c text COLLATE ignore_case, f float8, j jsonb, i interval);
INSERT INTO forms VALUES (1.0, 'abc', 0, '1.0', '1 mon'), (1.00, 'ABC', '-0', '1.00', '30 days'), (1, 'Abc', 0, '1', '720:00');
CALL make_view('by_n', 'SELECT n, count(*) AS cnt FROM forms GROUP BY n');
CALL make_view('by_c', 'SELECT c, count(*) AS cnt FROM forms GROUP BY c');
CALL make_view('by_f', 'SELECT f, count(*) AS cnt FROM forms GROUP BY f');
CALL make_view('by_j', 'SELECT j, count(*) AS cnt FROM forms GROUP BY j');
CALL make_view('by_i', 'SELECT i, count(*) AS cnt FROM forms GROUP BY i');
SELECT by_n.cnt, by_c.cnt, by_f.cnt, by_j.cnt, by_i.cnt FROM by_n, by_c, by_f, by_j, by_i;
SELECT (SELECT cnt FROM by_n WHERE n = 1.000), (SELECT cnt FROM by_c WHERE c = 'aBC'), (SELECT cnt FROM by_f WHERE f = 0),
	(SELECT cnt FROM by_j WHERE j = '1.000'), (SELECT cnt FROM by_i WHERE i = '30 days');
DELETE FROM forms WHERE c COLLATE "C" IN ('abc', 'Abc');
SELECT n, c, f, j, i FROM by_n, by_c, by_f, by_j, by_i;
INSERT INTO forms SELECT * FROM forms;
INSERT INTO forms VALUES (2.0, 'x', 1, '2', '2 mon'), (2.000, 'X', 1, '2.0', '60 days');
DELETE FROM forms WHERE n = 1;
SELECT by_n.cnt, by_c.cnt, by_f.cnt, by_j.cnt, by_i.cnt FROM by_n, by_c, by_f, by_j, by_i;

-- Long keys: far beyond what LMDB takes, different only at their ends; wide rows
CREATE TABLE long (k text, k2 text COLLATE "C", x int);
INSERT INTO long SELECT repeat('long ', n) || i % 3, repeat('kilo', n) || i % 2, i
	FROM generate_series(1, 12) i, unnest('{1,100,102,103,1000,30000}'::int[]) n;
CALL make_view('by_long', 'SELECT k, count(*) AS n, sum(x) AS s FROM long GROUP BY k');
CALL make_view('by_long2', 'SELECT k2, k, count(*) AS n, sum(x) AS s FROM long GROUP BY k2, k');
SELECT same('by_long'), same('by_long2');
SELECT n, s FROM by_long WHERE k = repeat('long ', 1000) || '1';
SELECT count(*), sum(n) FROM by_long WHERE k > repeat('long ', 102) AND k < repeat('long ', 103);
SELECT count(*), sum(n) FROM by_long2 WHERE k2 >= repeat('kilo', 103) || '1';
UPDATE long SET k = k || 'x' WHERE x = 5;
DELETE FROM long WHERE x > 9;
SELECT same('by_long'), same('by_long2');

-- Thousands of groups in one statement; composite keys by prefix
CREATE TABLE many (a int, b int, c text);
CALL make_view('by_many', 'SELECT a, b, c, count(*) AS n FROM many GROUP BY a, b, c');
INSERT INTO many SELECT i % 100, i, 'c' || i % 10 FROM generate_series(1, 10000) i;
SELECT same('by_many');
SELECT count(*) FROM by_many WHERE a = 7;
SELECT * FROM by_many WHERE a = 7 AND b < 300 ORDER BY a, b, c;
SELECT count(*) FROM by_many WHERE a IN (1, 2) AND c = 'c1';
UPDATE many SET a = a + 1;
SELECT same('by_many');
DELETE FROM many;
SELECT same('by_many');

SET client_min_messages = warning;
DROP TABLE forms, long, many, key_type CASCADE;
DROP PROCEDURE check_type;
DROP TYPE mood, pair;
DROP DOMAIN positive;
DROP COLLATION ignore_case;
