-- Inner joins: what transactions change is joined at their commit.
CREATE SCHEMA joins;
SET search_path = joins, public;
CREATE TABLE users (uid int PRIMARY KEY, name text, region int);
CREATE TABLE posts (id int PRIMARY KEY, uid int, title text);
CREATE TABLE orders (oid serial PRIMARY KEY, post int, amount numeric);
CREATE INDEX ON posts (uid);
CREATE INDEX ON orders (post);
INSERT INTO users SELECT i, 'u' || i, i % 3 FROM generate_series(1, 12) i;
INSERT INTO posts SELECT i, 1 + i % 14, 't' || i FROM generate_series(1, 30) i;
INSERT INTO orders (post, amount) SELECT 1 + i % 35, i FROM generate_series(1, 80) i;

-- the documents of posts, keyed by the post; and its like
CREATE FOREIGN TABLE docs (pk int, data jsonb) SERVER ivm OPTIONS (query
	$$SELECT p.id, jsonb_build_object('title', p.title, 'author', jsonb_build_object('name', u.name))
	  FROM posts p JOIN users u ON u.uid = p.uid$$, key 'pk');
CREATE FOREIGN TABLE regions (region int, n bigint, total numeric, largest numeric, posts bigint, names text)
	SERVER ivm OPTIONS (query
	$$SELECT u.region, count(*), sum(o.amount), max(o.amount), count(DISTINCT p.id), string_agg(DISTINCT u.name, ',')
	  FROM users u, posts p, orders o WHERE p.uid = u.uid AND o.post = p.id GROUP BY u.region$$);
CREATE FOREIGN TABLE pairs (a int, b int) SERVER ivm OPTIONS (query
	'SELECT x.id, y.id FROM posts x JOIN posts y ON x.uid = y.uid AND x.id < y.id');
CREATE FOREIGN TABLE totals (n bigint, total numeric) SERVER ivm OPTIONS (query
	'SELECT count(*), sum(o.amount * u.region) FROM orders o JOIN posts p ON p.id = o.post NATURAL JOIN users u');
CREATE FOREIGN TABLE cheaper (a int, b int) SERVER ivm OPTIONS (query
	'SELECT a.oid, b.oid FROM orders a, orders b WHERE a.amount < b.amount AND b.amount < a.amount + 2 AND a.post = b.post - 1');
CREATE FOREIGN TABLE ranked (name text, oid int, place bigint) SERVER ivm OPTIONS (query
	$$SELECT * FROM (SELECT u.name, o.oid, row_number() OVER (PARTITION BY u.name ORDER BY o.amount DESC, o.oid) AS place
	  FROM users u JOIN posts p USING (uid) JOIN orders o ON o.post = p.id) s WHERE place <= 2$$);
SELECT ivm_fdw_rebuild() > 0 AS built;

SELECT * FROM all_of_schema();

-- renaming a user changes the documents of its posts
UPDATE users SET name = 'renamed' WHERE uid = 8;
SELECT * FROM docs WHERE pk IN (7, 8);
EXPLAIN (COSTS OFF) SELECT * FROM docs WHERE pk = 7;
SELECT * FROM all_of_schema();

-- all tables changed in one transaction; its own reads are live until the commit
BEGIN;
INSERT INTO users VALUES (21, 'new', 2);
INSERT INTO posts VALUES (200, 21, 'x');
INSERT INTO orders (post, amount) VALUES (200, 1000), (5, 7);
DELETE FROM orders WHERE oid < 20;
UPDATE posts SET uid = 3 WHERE id < 10;
SELECT * FROM docs WHERE pk = 200;
SELECT * FROM all_of_schema();
COMMIT;
SELECT * FROM all_of_schema();

-- two tables changed by one statement; key and partner together
WITH u AS (UPDATE users SET uid = uid + 100 WHERE region = 1 RETURNING uid)
UPDATE posts SET uid = posts.uid + 100 FROM u WHERE posts.uid + 100 = u.uid;
SELECT * FROM all_of_schema();

-- savepoints
BEGIN;
SAVEPOINT a;
DELETE FROM users;
SAVEPOINT b;
DELETE FROM posts;
ROLLBACK TO a;
INSERT INTO users VALUES (30, 'v', 1);
SAVEPOINT c;
UPDATE posts SET uid = 30 WHERE id IN (11, 12);
RELEASE c;
SAVEPOINT d;
INSERT INTO orders (post, amount) VALUES (11, 4);
ROLLBACK TO d;
COMMIT;
SELECT * FROM all_of_schema();

-- nothing that a view uses changes
UPDATE posts SET title = title WHERE id = 3;
SELECT * FROM all_of_schema() WHERE view = 'regions';

-- a prepared transaction between two writers
BEGIN;
INSERT INTO posts VALUES (300, 30, 'prepared');
PREPARE TRANSACTION 'joins_between';
INSERT INTO orders (post, amount) VALUES (300, 77);
UPDATE users SET region = 2 WHERE uid = 30;
SELECT * FROM all_of_schema();
COMMIT PREPARED 'joins_between';
SELECT * FROM all_of_schema();
BEGIN;
DELETE FROM posts WHERE id = 300;
PREPARE TRANSACTION 'joins_between';
DELETE FROM orders WHERE post = 300;
ROLLBACK PREPARED 'joins_between';
SELECT * FROM all_of_schema();

-- an expression fails at commit: nothing is lost, and the message tells where
CREATE FOREIGN TABLE ratios (x numeric) SERVER ivm OPTIONS (query
	'SELECT sum(o.amount / u.region) FROM orders o JOIN posts p ON p.id = o.post JOIN users u ON u.uid = p.uid WHERE u.region <> 0 OR u.name = $$zero$$');
INSERT INTO users VALUES (40, 'zero', 0);
INSERT INTO posts VALUES (400, 40, 'zero');
INSERT INTO orders (post, amount) VALUES (400, 1);
SELECT count(*) FROM orders WHERE post = 400;
SELECT * FROM all_of_schema() WHERE view <> 'ratios';
DROP FOREIGN TABLE ratios;

-- TRUNCATE of one side; then it fills again
TRUNCATE orders;
SELECT ivm_fdw_rebuild() > 0 AS built;
SELECT * FROM all_of_schema();
INSERT INTO orders (post, amount) SELECT 1 + i % 35, i FROM generate_series(1, 40) i;
SELECT * FROM all_of_schema();

-- partitioned and inherited sides
CREATE TABLE parts (id int, kind int) PARTITION BY LIST (kind);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 (kind int, id int);
ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES IN (2);
INSERT INTO parts SELECT i, 1 + i % 2 FROM generate_series(1, 20) i;
CREATE FOREIGN TABLE by_kind (kind int, n bigint, total numeric) SERVER ivm OPTIONS (query
	'SELECT k.kind, count(*), sum(o.amount) FROM parts k JOIN orders o ON o.post = k.id GROUP BY k.kind');
SELECT ivm_fdw_rebuild('by_kind');
INSERT INTO parts VALUES (3, 1), (4, 2);
UPDATE parts SET kind = 3 - kind WHERE id = 5;
UPDATE orders SET post = 4 WHERE post = 5;
SELECT * FROM all_of_schema() WHERE view = 'by_kind';
DROP SCHEMA joins CASCADE;
