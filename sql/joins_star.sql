-- Joins by the key of the groups: each table kept by itself, multiplied at reads.
SET client_min_messages = warning;
CREATE SCHEMA star;
SET search_path = star, public;

-- invoices and their lines, and each step by which one would check them
CREATE TABLE invoices (invoice_id int PRIMARY KEY, vendor_id int, invoice_date date, header_total numeric(12,2));
CREATE TABLE invoice_lines (line_id int PRIMARY KEY, invoice_id int REFERENCES invoices ON DELETE CASCADE,
	line_type text, quantity int, unit_price numeric(10,2));
INSERT INTO invoices VALUES (1, 10, '2024-01-01', 30.00), (2, 10, '2024-01-02', 5.00), (3, 11, '2024-01-03', 0);
INSERT INTO invoice_lines VALUES (1, 1, 'sku', 2, 10.00), (2, 1, 'tax', 1, 10.00), (3, 2, 'sku', 1, 4.00);
CALL make_view('invoice_totals', $$
	SELECT i.invoice_id, i.vendor_id, i.invoice_date, i.header_total,
		COALESCE(SUM(l.quantity * l.unit_price) FILTER (WHERE l.line_type = 'sku'), 0) AS sku_total,
		COALESCE(SUM(l.quantity * l.unit_price) FILTER (WHERE l.line_type = 'tax'), 0) AS tax_total,
		COUNT(l.line_id) AS lines,
		i.header_total = COALESCE(SUM(l.quantity * l.unit_price), 0)::numeric(12,2) AS is_balanced
	FROM invoices i LEFT JOIN invoice_lines l USING (invoice_id) GROUP BY i.invoice_id$$);
EXPLAIN (COSTS OFF) SELECT * FROM invoice_totals WHERE invoice_id = 1;
SELECT * FROM invoice_totals ORDER BY invoice_id;
-- a line more: invoice 2 is balanced
INSERT INTO invoice_lines VALUES (4, 2, 'tax', 1, 1.00);
SELECT * FROM invoice_totals WHERE invoice_id = 2;
-- a header alone
UPDATE invoices SET header_total = 31, vendor_id = 12 WHERE invoice_id = 1;
SELECT * FROM invoice_totals WHERE invoice_id = 1;
-- a line moves to another invoice
UPDATE invoice_lines SET invoice_id = 3 WHERE line_id = 2;
SELECT * FROM invoice_totals ORDER BY invoice_id;
-- the last line goes: sums of nothing
DELETE FROM invoice_lines WHERE line_id = 2;
SELECT * FROM invoice_totals WHERE invoice_id = 3;
-- header and lines in one transaction, both seen before its end, by itself
BEGIN;
INSERT INTO invoices VALUES (4, 13, '2024-01-04', 9.00);
INSERT INTO invoice_lines VALUES (5, 4, 'sku', 3, 3.00), (6, 4, 'fee', 1, 0.50);
SELECT * FROM invoice_totals WHERE invoice_id = 4;
SAVEPOINT s;
DELETE FROM invoice_lines WHERE line_id = 6;
UPDATE invoices SET invoice_date = '2024-02-04' WHERE invoice_id = 4;
SELECT * FROM invoice_totals WHERE invoice_id = 4;
ROLLBACK TO s;
SELECT * FROM invoice_totals WHERE invoice_id = 4;
RELEASE s;
COMMIT;
SELECT * FROM invoice_totals WHERE invoice_id = 4;
-- both sides in one statement
WITH gone AS (DELETE FROM invoice_lines WHERE line_id = 6)
	UPDATE invoices SET header_total = 9.00, vendor_id = 14 WHERE invoice_id = 4;
WITH header AS (INSERT INTO invoices VALUES (5, 15, '2024-01-05', 2) RETURNING invoice_id)
	INSERT INTO invoice_lines SELECT 7, invoice_id, 'sku', 1, 2 FROM header;
SELECT * FROM invoice_totals WHERE invoice_id >= 4 ORDER BY invoice_id;
-- an invoice with its lines, by cascade
DELETE FROM invoices WHERE invoice_id = 1;
SELECT invoice_id, lines FROM invoice_totals ORDER BY invoice_id;
SELECT same('invoice_totals'), (SELECT count(*) FROM ivm_fdw_verify('invoice_totals')) AS wrong;
-- key of the header and of its lines changed together
BEGIN;
INSERT INTO invoices SELECT 50, vendor_id, invoice_date, header_total FROM invoices WHERE invoice_id = 5;
UPDATE invoice_lines SET invoice_id = 50 WHERE invoice_id = 5;
DELETE FROM invoices WHERE invoice_id = 5;
SELECT same('invoice_totals');
COMMIT;
SELECT invoice_id, lines FROM invoice_totals ORDER BY invoice_id;
-- TRUNCATE of one side, undone and done
BEGIN;
TRUNCATE invoice_lines;
SELECT invoice_id, header_total, sku_total, lines, is_balanced FROM invoice_totals ORDER BY invoice_id;
ROLLBACK;
SELECT same('invoice_totals');
TRUNCATE invoice_lines;
SELECT same('invoice_totals', false);
SELECT ivm_fdw_rebuild('invoice_totals');
INSERT INTO invoice_lines VALUES (1, 2, 'sku', 1, 5.00);
SELECT * FROM invoice_totals ORDER BY invoice_id;
SELECT same('invoice_totals');
TRUNCATE invoices, invoice_lines;
SELECT same('invoice_totals', false);

-- inner and LEFT, aggregates over both sides; NULL join keys; rows without equality
CREATE TABLE l (k int, a int, s text COLLATE "C");
CREATE TABLE r (k int, b int, t text COLLATE "C", doc json);
INSERT INTO l VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 3, 'c'), (NULL, 4, 'd'), (NULL, 5, 'e'), (3, 6, NULL);
INSERT INTO r VALUES (1, 10, 'x', '1'), (1, 20, 'y', '{"a":1}'), (1, 20, 'y', '2'), (NULL, 30, 'z', '3'), (3, NULL, NULL, NULL), (9, 1, 'w', '4');
CALL make_view('inner_both', $$SELECT l.k, count(*), sum(a) AS sa, sum(b) AS sb, count(b) AS cb, min(a) AS mina, max(b) AS maxb,
	count(DISTINCT a) AS da, count(DISTINCT b) AS db, string_agg(s, ',' ORDER BY s) AS ss, string_agg(t, ',' ORDER BY t) AS st,
	avg(b) AS mean, bool_or(a > 1) AS some, sum(DISTINCT b) AS sdb FROM l JOIN r ON l.k = r.k GROUP BY l.k$$);
CALL make_view('left_both', $$SELECT l.k, count(*), sum(a) AS sa, sum(b) AS sb, count(b) AS cb, min(a) AS mina, max(b) AS maxb,
	count(DISTINCT a) AS da, count(DISTINCT b) AS db, string_agg(s, ',' ORDER BY s) AS ss, string_agg(t, ',' ORDER BY t) AS st,
	min(b) AS minb, count(*) FILTER (WHERE b > 10) AS big, count(*) FILTER (WHERE t IS NULL) AS none,
	coalesce(max(t), '-') AS greatest, array_agg(b ORDER BY b) AS bs, json_agg(doc ORDER BY b, doc::text) AS docs
	FROM l LEFT JOIN r ON l.k = r.k GROUP BY l.k$$);
CALL make_view('right_both', $$SELECT r.k, count(*), count(a) AS ca, sum(b) AS sb, sum(a) AS sa, min(s) AS mins
	FROM l RIGHT JOIN r ON l.k = r.k GROUP BY r.k$$);
SELECT * FROM inner_both ORDER BY k;
SELECT * FROM left_both ORDER BY k;
SELECT * FROM right_both ORDER BY k;
-- delete minimum and maximum; empty one side of a group, refill it
DELETE FROM l WHERE a = 1;
DELETE FROM r WHERE b = 10;
SELECT same('inner_both'), same('left_both'), same('right_both');
DELETE FROM r WHERE k = 1;
SELECT k, count, sa, sb, cb, maxb, db, st, none, bs, docs FROM left_both WHERE k = 1;
SELECT * FROM inner_both WHERE k = 1;
INSERT INTO r SELECT 1, 7, 'again', '7' FROM generate_series(1, 3);
INSERT INTO r VALUES (2, 8, 'new', NULL);
UPDATE l SET k = 2 WHERE k IS NULL AND a = 4;
UPDATE r SET k = NULL WHERE k = 3;
SELECT same('inner_both'), same('left_both'), same('right_both');
SELECT k, count, sa, sb, da, db, st FROM left_both ORDER BY k;
BEGIN;
TRUNCATE l;
SELECT same('inner_both', false), same('left_both', false), same('right_both', false);
INSERT INTO l VALUES (1, 100, 'only');
SELECT same('inner_both', false), same('left_both', false), same('right_both', false);
COMMIT;
SELECT same('inner_both', false), same('left_both', false), same('right_both', false);

-- several satellites; conditions in ON and WHERE; a composite key
CREATE TABLE hub (x int, y text COLLATE "C", h int, PRIMARY KEY (x, y));
CREATE TABLE spoke1 (x int, y text COLLATE "C", n numeric);
CREATE TABLE spoke2 (x int, y text COLLATE "C", f float8, ok bool);
INSERT INTO hub SELECT i / 2, chr(97 + i % 2), i FROM generate_series(0, 5) i;
INSERT INTO spoke1 VALUES (0, 'a', 1.5), (0, 'a', 2.25), (1, 'b', 7), (2, NULL, 8), (2, 'a', NULL);
INSERT INTO spoke2 VALUES (0, 'a', 0.1, true), (0, 'a', 0.2, false), (0, 'b', 1e16, true), (1, 'b', 'NaN', true), (2, 'b', 1, NULL);
CALL make_view('wheel', $$SELECT h.x, h.y, h.h, count(*), sum(s1.n) AS sn, max(s1.n) AS maxn, sum(s2.f) AS sf, count(s2.ok) AS oks,
	bool_and(s2.ok) AS allok, array_agg(DISTINCT s2.f) AS fs
	FROM hub h LEFT JOIN spoke1 s1 ON s1.x = h.x AND s1.y = h.y AND s1.n > 0
		LEFT JOIN spoke2 s2 ON s2.x = h.x AND s2.y = h.y
	WHERE h.h < 5 GROUP BY h.x, h.y$$);
CALL make_view('wheel_inner', $$SELECT x, y, count(*), sum(n) AS sn, sum(f) AS sf FROM hub JOIN spoke1 USING (x, y) JOIN spoke2 USING (x, y)
	WHERE ok GROUP BY x, y HAVING count(*) > 1$$);
SELECT * FROM wheel ORDER BY x, y;
SELECT * FROM wheel_inner ORDER BY x, y;
-- the row with the largest scale goes; floats do not drift; NaN goes
DELETE FROM spoke1 WHERE n = 2.25;
INSERT INTO spoke2 VALUES (0, 'a', 1e16, true);
DELETE FROM spoke2 WHERE f IN (1e16, 'NaN');
SELECT * FROM wheel ORDER BY x, y;
SELECT same('wheel'), same('wheel_inner');
UPDATE hub SET h = h + 1;
SELECT same('wheel'), (SELECT count(*) FROM wheel) AS rows;
SELECT * FROM wheel WHERE x = 0 AND y = 'a';

-- a table joined with itself
CREATE TABLE node (id int PRIMARY KEY, parent int, w int);
INSERT INTO node VALUES (1, NULL, 1), (2, 1, 2), (3, 1, 3), (4, 2, 4);
CALL make_view('children', 'SELECT p.id, p.w, count(c.id) AS n, sum(c.w) AS cw, max(c.w) AS maxw FROM node p LEFT JOIN node c ON c.parent = p.id GROUP BY p.id');
CALL make_view('pairs', 'SELECT p.w, count(*), sum(c.id) AS ids FROM node p JOIN node c ON c.w = p.w GROUP BY p.w');
SELECT * FROM children ORDER BY id;
UPDATE node SET parent = 3, w = w * 10 WHERE id = 4;
INSERT INTO node VALUES (5, 5, 5), (6, 5, 5);
SELECT * FROM children ORDER BY id;
SELECT * FROM pairs ORDER BY w;
UPDATE node SET id = id + 10, parent = parent + 10;
DELETE FROM node WHERE id = 11;
SELECT same('children'), same('pairs');
BEGIN;
UPDATE node SET w = 5;
DECLARE c CURSOR FOR SELECT * FROM pairs;
SAVEPOINT s;
DELETE FROM node WHERE parent IS NOT NULL;
SELECT same('children'), same('pairs');
FETCH ALL FROM c;
ROLLBACK TO s;
SELECT same('children'), same('pairs');
COMMIT;

-- one row over all; two-phase commit is in t/
CREATE TABLE many AS SELECT i AS id, i % 500 AS k, i AS v FROM generate_series(1, 3000) i;
CREATE TABLE dims AS SELECT i AS k, i % 7 AS d FROM generate_series(0, 400) i;
CALL make_view('wide', 'SELECT dims.k, d, count(*), sum(v) AS sv, min(v) AS minv, count(many.id) AS n FROM dims LEFT JOIN many ON many.k = dims.k GROUP BY dims.k, d');
UPDATE many SET k = k + 1, v = -v;
UPDATE dims SET d = d + 1 WHERE k % 2 = 0;
DELETE FROM many WHERE k % 3 = 0;
SELECT same('wide');
SELECT * FROM wide WHERE k = 1;
SELECT ivm_fdw_rebuild('wide');
SELECT same('wide'), (SELECT count(*) FROM ivm_fdw_verify('wide')) AS wrong;

DROP SCHEMA star CASCADE;
RESET search_path;
