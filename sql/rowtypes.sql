-- Composite types change under a view that groups by them, and schemas are closed to writers.
SET client_min_messages = warning;
CREATE TYPE inner_type AS (a int, b text);
CREATE TYPE outer_type AS (i inner_type, n int);
CREATE TABLE as_type (p int, q int);
CREATE TABLE t (id int, c inner_type, o outer_type, r as_type, l inner_type[]);
INSERT INTO t SELECT i, (i % 3, 'q')::inner_type, ((i % 3, 'q')::inner_type, i % 2)::outer_type,
		(i % 3, i % 2)::as_type, ARRAY[(i % 2, 'q')::inner_type]
	FROM generate_series(1, 12) i;
CALL make_view('by_c', 'SELECT c, count(*) AS n FROM t GROUP BY c');
CALL make_view('by_o', 'SELECT o, count(*) AS n FROM t GROUP BY o');
CALL make_view('by_r', 'SELECT r, count(*) AS n FROM t GROUP BY r');
CALL make_view('by_l', 'SELECT l, count(*) AS n FROM t GROUP BY l');
CREATE FUNCTION both_same(source boolean DEFAULT false) RETURNS text LANGUAGE sql VOLATILE AS
	$$SELECT string_agg(same(v, source), '; ') FROM unnest('{by_c,by_o,by_r,by_l}'::regclass[]) v$$;
SELECT both_same(true);

-- rows from before and after an attribute was added are equal
ALTER TYPE inner_type ADD ATTRIBUTE z int;
INSERT INTO t VALUES (13, (1, 'q', NULL), ((1, 'q', NULL)::inner_type, 1), (1, 1), ARRAY[(1, 'q', NULL)::inner_type]);
DELETE FROM t WHERE id < 4;
SELECT both_same();
ALTER TABLE as_type ADD COLUMN s text;
INSERT INTO t (id, r) VALUES (14, (1, 1, NULL));
DELETE FROM t WHERE id < 7;
SELECT both_same();
SELECT ivm_fdw_rebuild() > 0;
SELECT both_same(true);
-- and groups become one when an attribute goes
INSERT INTO t (id, c, r) VALUES (15, (1, 'q', 5), (1, 1, 's'));
ALTER TYPE inner_type DROP ATTRIBUTE z;
ALTER TABLE as_type DROP COLUMN s;
SELECT both_same();
DELETE FROM t WHERE id < 9;
SELECT both_same();
SELECT ivm_fdw_rebuild() > 0;
SELECT both_same(true);
-- undone
BEGIN;
ALTER TYPE inner_type ADD ATTRIBUTE z int;
UPDATE t SET c.z = 7 WHERE id = 9;
SELECT both_same();
ROLLBACK;
UPDATE t SET c.a = 7 WHERE id = 9;
SELECT both_same(true);

-- Writers and readers need no right to the extension's own schema
CREATE ROLE regress_ivm_writer;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON t TO regress_ivm_writer;
GRANT SELECT ON by_c TO regress_ivm_writer;
REVOKE USAGE ON SCHEMA ivm_fdw FROM PUBLIC;
\c
SET ROLE regress_ivm_writer;
INSERT INTO t (id, c) VALUES (20, (20, 'w'));
BEGIN;
UPDATE t SET c.a = 21 WHERE id = 20;
SELECT * FROM by_c WHERE c = (21, 'w')::inner_type;
TRUNCATE t;
SELECT count(*) FROM by_c;
ROLLBACK;
SELECT * FROM by_c WHERE c = (20, 'w')::inner_type;
RESET ROLE;
GRANT USAGE ON SCHEMA ivm_fdw TO PUBLIC;
SELECT same('by_c');

SET client_min_messages = warning;
DROP TABLE t, as_type CASCADE;
DROP TYPE inner_type, outer_type CASCADE;
DROP OWNED BY regress_ivm_writer;
DROP ROLE regress_ivm_writer;
DROP FUNCTION both_same;
