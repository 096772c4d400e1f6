-- Every way to change a table, and reads at every moment of it.
CREATE TABLE sales (id int PRIMARY KEY, region int, amount numeric, note text);
INSERT INTO sales SELECT g, g % 4, g * 1.5 FROM generate_series(1, 20) g;
CREATE FOREIGN TABLE by_region (region int, n bigint, total numeric, mean numeric)
	SERVER ivm OPTIONS (query 'SELECT region, count(*), sum(amount), avg(amount) FROM sales WHERE amount > 3 GROUP BY region');
SELECT ivm_fdw_rebuild('by_region');
SELECT * FROM by_region ORDER BY region;
SELECT same('by_region');

-- INSERT, UPDATE (of the value, the group, in and out of WHERE, of nothing that matters), DELETE
INSERT INTO sales VALUES (21, 1, 100), (22, NULL, 7), (23, 9, 1);
SELECT same('by_region');
UPDATE sales SET amount = amount + 1 WHERE id < 5;
SELECT same('by_region');
UPDATE sales SET region = region + 1 WHERE id % 3 = 0;
SELECT same('by_region');
UPDATE sales SET amount = CASE WHEN amount > 3 THEN 0 ELSE 50 END WHERE id % 5 = 0;
SELECT same('by_region');
UPDATE sales SET note = 'nothing that the view shows';
SELECT same('by_region');
UPDATE sales SET region = NULL, amount = NULL WHERE id = 7;
SELECT same('by_region');
DELETE FROM sales WHERE region = 2;
SELECT same('by_region');
SELECT * FROM by_region WHERE region = 2;
INSERT INTO sales SELECT g, 2, g FROM generate_series(101, 110) g;	-- a group comes back
SELECT same('by_region');

-- ON CONFLICT, MERGE, COPY, data-modifying CTEs
INSERT INTO sales VALUES (101, 5, 5), (201, 5, 5) ON CONFLICT (id) DO UPDATE SET region = excluded.region, amount = sales.amount * 2;
SELECT same('by_region');
INSERT INTO sales VALUES (101, 6, 6), (202, 6, 6) ON CONFLICT DO NOTHING;
SELECT same('by_region');
MERGE INTO sales USING (SELECT g AS g FROM generate_series(100, 104) g) s ON id = g
	WHEN MATCHED AND g = 102 THEN DELETE
	WHEN MATCHED THEN UPDATE SET amount = amount + 0.25, region = g % 3
	WHEN NOT MATCHED THEN INSERT VALUES (g, 7, 7.77);
SELECT same('by_region');
COPY sales FROM stdin;
301	1	10	\N
302	\N	20.125	\N
303	11	\N	\N
\.
SELECT same('by_region');
WITH gone AS (DELETE FROM sales WHERE region = 1 RETURNING *),
	moved AS (UPDATE sales SET region = 12 WHERE region = 5 RETURNING *)
INSERT INTO sales SELECT id + 1000, 13, amount, 'moved' FROM gone;
SELECT same('by_region');

-- Cascades of foreign keys
CREATE TABLE shop (id int PRIMARY KEY);
CREATE TABLE receipt (shop int REFERENCES shop ON DELETE CASCADE ON UPDATE CASCADE, amount int);
INSERT INTO shop SELECT generate_series(1, 5);
INSERT INTO receipt SELECT g % 5 + 1, g FROM generate_series(1, 30) g;
CALL make_view('by_shop', 'SELECT shop, sum(amount) FROM receipt GROUP BY shop');
DELETE FROM shop WHERE id = 2;
SELECT same('by_shop');
UPDATE shop SET id = 40 WHERE id = 4;
SELECT same('by_shop');
ALTER TABLE receipt DROP CONSTRAINT receipt_shop_fkey,
	ADD FOREIGN KEY (shop) REFERENCES shop ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
DELETE FROM shop WHERE id = 3;
SELECT same('by_shop'), (SELECT sum FROM by_shop WHERE shop IS NULL);

-- Triggers that write: immediately, and as a deferred constraint at commit
CREATE FUNCTION book() RETURNS trigger LANGUAGE plpgsql AS
	'BEGIN INSERT INTO receipt VALUES (NULL, NEW.amount); RETURN NULL; END';
CREATE TRIGGER book AFTER INSERT ON sales FOR EACH ROW EXECUTE FUNCTION book();
INSERT INTO sales VALUES (401, 1, 10), (402, 1, 20);
SELECT same('by_region'), same('by_shop');
DROP TRIGGER book ON sales;
CREATE CONSTRAINT TRIGGER book AFTER INSERT ON sales DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION book();
BEGIN;
INSERT INTO sales VALUES (403, 1, 10), (404, 1, 20);
SELECT sum FROM by_shop WHERE shop IS NULL;
COMMIT;
SELECT sum FROM by_shop WHERE shop IS NULL;
SELECT same('by_region'), same('by_shop');
DROP TRIGGER book ON sales;
-- a BEFORE trigger that changes the row, or drops it
CREATE FUNCTION round_it() RETURNS trigger LANGUAGE plpgsql AS
	'BEGIN IF NEW.region = 99 THEN RETURN NULL; END IF; NEW.amount = round(NEW.amount); RETURN NEW; END';
CREATE TRIGGER round_it BEFORE INSERT OR UPDATE ON sales FOR EACH ROW EXECUTE FUNCTION round_it();
INSERT INTO sales VALUES (405, 1, 10.75), (406, 99, 20);
UPDATE sales SET amount = amount + 0.75 WHERE id < 12;
SELECT same('by_region');
DROP TRIGGER round_it ON sales;

-- Reads in the middle of the writing statement
CREATE TABLE seen (at text, what text);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO seen VALUES (TG_WHEN || ' ' || TG_LEVEL, same('by_region', false)); RETURN NEW; END $$;
CREATE TRIGGER look_before BEFORE INSERT ON sales FOR EACH ROW EXECUTE FUNCTION look();
CREATE TRIGGER look_row AFTER INSERT ON sales FOR EACH ROW EXECUTE FUNCTION look();
CREATE TRIGGER look_statement AFTER INSERT ON sales FOR EACH STATEMENT EXECUTE FUNCTION look();
INSERT INTO sales SELECT g, g, 5 FROM generate_series(501, 502) g;
SELECT * FROM seen;
DROP TRIGGER look_before ON sales;
DROP TRIGGER look_row ON sales;
DROP TRIGGER look_statement ON sales;
CREATE FUNCTION looks(id int) RETURNS numeric LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO seen VALUES ('function ' || id, same('by_region', false)); RETURN 4; END $$;
TRUNCATE seen;
UPDATE sales SET amount = looks(id) WHERE id BETWEEN 501 AND 502;
SELECT * FROM seen;
SELECT same('by_region');

-- Writing under session_replication_role = replica; disabled and enabled triggers
SET session_replication_role = replica;
INSERT INTO sales VALUES (601, 1, 10);
DELETE FROM sales WHERE id = 501;
RESET session_replication_role;
SELECT same('by_region');
ALTER TABLE sales DISABLE TRIGGER ALL;
INSERT INTO sales VALUES (602, 1, 10);
SELECT same('by_region');
ALTER TABLE sales ENABLE TRIGGER ALL;
INSERT INTO sales VALUES (603, 1, 10);
SELECT same('by_region', false);
SELECT ivm_fdw_rebuild('by_region') > 0;
SELECT same('by_region');
INSERT INTO sales VALUES (604, 1, 10);
SELECT same('by_region');
BEGIN;
ALTER TABLE sales DISABLE TRIGGER USER;
DELETE FROM sales WHERE id = 604;
ALTER TABLE sales ENABLE TRIGGER USER;
SELECT same('by_region', false);
ROLLBACK;
SELECT same('by_region');

-- TRUNCATE
BEGIN;
INSERT INTO sales VALUES (700, 1, 10);
SAVEPOINT a;
TRUNCATE sales;
SELECT same('by_region', false);
INSERT INTO sales VALUES (701, 1, 10);
SELECT same('by_region', false);
ROLLBACK TO a;
SELECT same('by_region');
COMMIT;
SELECT same('by_region');
TRUNCATE sales;
SELECT same('by_region', false);
INSERT INTO sales SELECT g, g % 3, g FROM generate_series(1, 10) g;
SELECT same('by_region', false);
SELECT ivm_fdw_rebuild('by_region');
SELECT same('by_region');

-- Writers whose settings differ from the view's
CALL make_view('by_text', $$SELECT amount::text AS shown, count(*) AS n FROM sales GROUP BY amount::text$$);
SET extra_float_digits = -5;
SET DateStyle = 'German';
SET TimeZone = 'Asia/Kolkata';
SET IntervalStyle = 'sql_standard';
SET search_path = pg_catalog;
INSERT INTO public.sales VALUES (800, 1, 12.50);
SELECT public.same('public.by_text'), public.same('public.by_region');
RESET ALL;

SELECT count(*) FROM ivm_fdw_verify('by_region');
SET client_min_messages = warning;
DROP TABLE sales, shop, receipt, seen CASCADE;
DROP FUNCTION book, round_it, look, looks;
