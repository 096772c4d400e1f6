-- Long transactions keep what they need, and no more.
CREATE TABLE t (g int, x int);
CREATE FUNCTION own(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
CALL make_view('v', 'SELECT own(g) AS g, count(*) AS n, sum(own(x)) AS s FROM t GROUP BY own(g)');

-- Contexts and bytes below what a thousand savepoints would leave
CREATE VIEW contexts AS
	SELECT count(*) < 10 AS few, coalesce(sum(total_bytes), 0) < 200000 AS small
	FROM pg_backend_memory_contexts WHERE name IN ('ivm linear', 'ivm groups', 'ivm overlay', 'ivm captured row');

BEGIN;
DO $$
BEGIN
	FOR i IN 1 .. 2000 LOOP
		BEGIN
			INSERT INTO t VALUES (i % 3, i);
			RAISE EXCEPTION 'undo';
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END $$;
SELECT * FROM contexts;
INSERT INTO t SELECT i % 3, i FROM generate_series(1, 20000) i;
UPDATE t SET x = x + 1;
SELECT * FROM contexts;
SELECT same('v');
COMMIT;
SELECT same('v');
SELECT * FROM contexts;

DROP TABLE t CASCADE;
DROP VIEW contexts;
DROP FUNCTION own;
