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
DROP TABLE t, factor CASCADE;
DROP FUNCTION liar;
