-- GROUPING SETS, ROLLUP and CUBE: the set's number is part of the key; an empty set always has its row.
SET client_min_messages = warning;
CREATE SCHEMA sets;
SET search_path = sets, public;
CREATE TABLE sales (id int PRIMARY KEY, region text COLLATE "C", shop int, qty int, price numeric);
INSERT INTO sales VALUES (1, 'n', 1, 2, 1.5), (2, 'n', 2, 3, 2.25), (3, 's', 1, 5, NULL), (4, 's', NULL, 7, 1.0), (5, NULL, NULL, 11, 0);

CALL make_view('rolled', 'SELECT region, shop, grouping(region, shop) AS g, count(*), sum(qty) AS total, max(price) AS most FROM sales GROUP BY ROLLUP (region, shop)');
CALL make_view('cubed', 'SELECT region, shop, grouping(shop) AS gs, sum(price) AS total, count(DISTINCT qty) AS d, min(qty) AS least FROM sales GROUP BY CUBE (region, shop)');
CALL make_view('chosen', $$SELECT region, shop, qty % 2 AS odd, string_agg(id::text, ',' ORDER BY id) AS ids FROM sales WHERE qty > 2
	GROUP BY GROUPING SETS ((region), (shop, qty % 2), (), (region))$$);
CALL make_view('mixed', 'SELECT region, shop, count(*) FROM sales GROUP BY region, ROLLUP (shop)');
CALL make_view('kept', 'SELECT region, grouping(region) AS g, count(*), coalesce(sum(qty), -1) AS total FROM sales GROUP BY ROLLUP (region) HAVING count(*) <> 2');
CALL make_view('always', 'SELECT count(*), max(qty) FROM sales GROUP BY ()');
CALL make_view('always_having', 'SELECT count(*) FROM sales GROUP BY () HAVING sum(qty) > 20');
CALL make_view('never', 'SELECT region, count(*) FROM sales WHERE qty < 0 GROUP BY GROUPING SETS ((region), ())');
SELECT * FROM rolled ORDER BY g, region, shop;
SELECT * FROM cubed ORDER BY region, shop, gs, total;
SELECT * FROM chosen ORDER BY region, shop, odd, ids;
SELECT * FROM mixed ORDER BY region, shop, count;
SELECT * FROM kept ORDER BY g, region;
SELECT * FROM always;
SELECT * FROM always_having;
SELECT * FROM never;
-- conditions: a null may be the value's or the set's
EXPLAIN (COSTS OFF) SELECT * FROM rolled WHERE region = 'n';
SELECT * FROM rolled WHERE region = 'n' ORDER BY shop;
SELECT * FROM rolled WHERE region IS NULL ORDER BY g, shop;
SELECT * FROM rolled WHERE g = 3;
SELECT * FROM rolled WHERE region = 'n' AND shop = 1;
SELECT * FROM rolled WHERE region > 'n' AND shop IS NULL ORDER BY g;
SELECT * FROM rolled WHERE region IN ('s', 'n') AND g = 1 ORDER BY region;
SELECT * FROM never WHERE region IS NULL;
SELECT * FROM never WHERE region = 'n';
SELECT * FROM never WHERE count > 0;
SELECT * FROM kept WHERE region IS NULL ORDER BY g;
-- changes; a row moves; a null becomes a value
UPDATE sales SET shop = 9 WHERE id = 4;
UPDATE sales SET region = 's', price = 3 WHERE id = 1;
INSERT INTO sales VALUES (6, 'w', 1, 2, 9.125), (7, 'w', 1, 2, NULL);
DELETE FROM sales WHERE id = 2;
SELECT * FROM rolled ORDER BY g, region, shop;
SELECT same('rolled'), same('cubed'), same('chosen'), same('mixed');
SELECT same('kept'), same('always'), same('always_having'), same('never');
DELETE FROM sales WHERE id = 6;
SELECT same('rolled'), same('cubed'), same('chosen'), same('mixed');
-- nothing is left: the empty set's row is
BEGIN;
DELETE FROM sales;
SELECT * FROM rolled;
SELECT * FROM cubed;
SELECT * FROM chosen;
SELECT * FROM mixed;
SELECT * FROM kept;
SELECT * FROM always;
SELECT * FROM always_having;
SELECT * FROM rolled WHERE region IS NULL;
SELECT * FROM rolled WHERE region = 'n';
SELECT * FROM rolled WHERE count > 0;
SELECT same('rolled'), same('cubed'), same('chosen'), same('mixed'), same('kept'), same('always'), same('always_having');
ROLLBACK;
SELECT same('rolled'), same('kept');
BEGIN;
SAVEPOINT s;
TRUNCATE sales;
SELECT same('rolled', false), same('always', false), same('kept', false);
INSERT INTO sales VALUES (1, 'again', 1, 1, 1);
SELECT same('rolled', false), same('always', false), same('kept', false);
ROLLBACK TO s;
SELECT same('rolled', false), same('always', false), same('kept', false);
COMMIT;
-- two sets that are the same; a key of hashed equality; over an upper query
CALL make_view('doubled', 'SELECT region, count(*) FROM sales GROUP BY GROUPING SETS ((region), (region), ())');
CALL make_view('hashed', 'SELECT to_jsonb(shop) AS j, grouping(to_jsonb(shop)) AS g, count(*), array_agg(id ORDER BY id) AS ids FROM sales GROUP BY CUBE (to_jsonb(shop))');
CALL make_view('ranked', 'SELECT region, shop, count(*), rank() OVER (PARTITION BY grouping(region, shop) ORDER BY count(*) DESC) AS r FROM sales GROUP BY CUBE (region, shop)');
INSERT INTO sales SELECT 100 + i, chr(97 + i % 4), i % 3, i, i FROM generate_series(1, 50) i;
SELECT * FROM doubled WHERE region = 'b';
SELECT j, g, count, cardinality(ids) AS n FROM hashed ORDER BY g, j;
SELECT same('doubled'), same('hashed'), same('ranked'), same('rolled');
SELECT ivm_fdw_rebuild('rolled'), ivm_fdw_rebuild('hashed');
SELECT v, (SELECT count(*) FROM ivm_fdw_verify(v::regclass)) AS wrong FROM unnest(ARRAY['rolled', 'cubed', 'chosen', 'mixed', 'kept', 'always', 'hashed', 'ranked']) v;

DROP SCHEMA sets CASCADE;
RESET search_path;
