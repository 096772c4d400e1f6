-- A function that is not as immutable as declared harms its own view only, and not for long.
CREATE TABLE factor (f int);
INSERT INTO factor VALUES (1);
CREATE FUNCTION liar(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * (SELECT f FROM public.factor); END';
CREATE TABLE t (x int);
INSERT INTO t SELECT generate_series(1, 5);
CALL make_view('lied', 'SELECT liar(x) AS g, count(*) AS n FROM t GROUP BY liar(x)');
CALL make_view('honest', 'SELECT x, count(*) AS n FROM t GROUP BY x');
SELECT same('lied'), same('honest');
UPDATE factor SET f = -1;
DELETE FROM t WHERE x = 3;	-- takes from a group that never was
SELECT same('lied');
SELECT same('honest');
SELECT ivm_fdw_rebuild('lied');
SELECT same('lied'), same('honest');
SELECT count(*) FROM ivm_fdw_verify('lied');
INSERT INTO t VALUES (4), (6);
SELECT same('lied'), same('honest');
DROP TABLE t CASCADE;

-- Verifying tells values apart that have an equality and no hash
CREATE TABLE t (g int, x int);
INSERT INTO t SELECT 1, generate_series(1, 5);
UPDATE factor SET f = 1;
CREATE FUNCTION liar_array(int) RETURNS money[] LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN ARRAY[($1 * (SELECT f FROM public.factor))::money]; END';
CALL make_view('lied_max', 'SELECT g, max(liar_array(x)) AS m FROM t GROUP BY g');
CALL make_view('lied_disc', 'SELECT g, percentile_disc(0.5) WITHIN GROUP (ORDER BY liar_array(x)) AS m FROM t GROUP BY g');
SELECT count(*) FROM ivm_fdw_verify('lied_max');
SELECT count(*) FROM ivm_fdw_verify('lied_disc');
UPDATE factor SET f = 7;
SELECT count(*) FROM ivm_fdw_verify('lied_max');
SELECT count(*) FROM ivm_fdw_verify('lied_disc');
DROP TABLE t CASCADE;
DROP FUNCTION liar_array;
DROP TABLE factor CASCADE;
DROP FUNCTION liar;
