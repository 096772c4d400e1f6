-- Rows that expand to several: set-returning functions, LATERAL over the row's own columns, VALUES.
CREATE TABLE t (id int PRIMARY KEY, g int, tags text[], doc jsonb, n int);
INSERT INTO t SELECT i, i % 5, ARRAY['t' || i % 3, 't' || i % 4, NULL], jsonb_build_object('items', jsonb_build_array(i % 3, 'x', i % 2)), i % 4
	FROM generate_series(1, 60) i;

CALL make_view('tags', 'SELECT tag, count(*) AS n, min(id) AS lo FROM t, unnest(tags) AS u (tag) GROUP BY tag');
CALL make_view('items', 'SELECT item, count(*) AS n, count(DISTINCT g) AS gs FROM t CROSS JOIN LATERAL jsonb_array_elements(doc -> ''items'') AS e (item) GROUP BY item');
CALL make_view('series', 'SELECT day, sum(g) AS s, array_agg(id ORDER BY id) AS ids FROM t, LATERAL generate_series(1, n) AS d (day) GROUP BY day');
CALL make_view('tag_rows', 'SELECT id, tag, pos FROM t, unnest(tags) WITH ORDINALITY AS u (tag, pos) WHERE tag IS NOT NULL');
CALL make_view('listed', 'SELECT g, generate_series(1, n) AS i FROM t');
CALL make_view('listed_docs', 'SELECT id, jsonb_array_elements(doc -> ''items'') AS item FROM t');
CALL make_view('named', 'SELECT name, count(*) AS n, max(id) AS hi FROM t, (VALUES (0, ''zero''), (1, ''one''), (1, ''uno''), (9, ''none'')) AS v (k, name) WHERE v.k = t.g GROUP BY name');
CALL make_view('first_tags', 'SELECT * FROM (SELECT tag, id, row_number() OVER (PARTITION BY tag ORDER BY id DESC) AS rn FROM t, unnest(tags) AS u (tag)) s WHERE rn <= 2');
CALL make_view('two', 'SELECT tag, i, count(*) AS n FROM t, unnest(tags) AS u (tag), generate_series(1, n) AS s (i) GROUP BY tag, i');
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
SELECT * FROM tags ORDER BY tag;

-- Rows that expand to none, to the same twice, and to NULL
INSERT INTO t VALUES (100, 1, '{}', '{"items": []}', 0), (101, 1, ARRAY['dup', 'dup'], '{"items": [null, null, 1, 1.0]}', 2), (102, NULL, NULL, NULL, NULL), (103, 9, ARRAY[NULL, NULL]::text[], '{}', -1);
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
SELECT * FROM tags WHERE tag = 'dup' OR tag IS NULL ORDER BY tag;
SELECT count(*) FROM listed WHERE g IS NULL;

-- An update that changes what a row expands to, and one that does not
UPDATE t SET tags = array_append(tags, 'added'), n = n + 1 WHERE g = 2;
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
UPDATE t SET tags = (SELECT array_agg(x ORDER BY x DESC) FROM unnest(tags) x) WHERE id < 20;
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
SELECT * FROM first_tags WHERE tag = 'added' ORDER BY rn;

BEGIN;
DECLARE c CURSOR FOR SELECT * FROM tags ORDER BY tag;
FETCH 1 FROM c;
UPDATE t SET tags = '{moved}', doc = '{"items": ["moved"]}' WHERE id = 101;
SAVEPOINT a;
DELETE FROM t WHERE g IN (0, 1);
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
TRUNCATE t;
SELECT count(*) FROM tags;
INSERT INTO t VALUES (1, 1, '{back}', '{"items": ["back"]}', 1);
SELECT * FROM named ORDER BY name;
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
ROLLBACK TO a;
FETCH ALL FROM c;
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
COMMIT;
SELECT folded('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');

-- An error while a row expands is the writer's, and leaves no trace
\set VERBOSITY terse
INSERT INTO t VALUES (500, 1, '{x}', '{"items": 5}', 1);
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
BEGIN;
SAVEPOINT a;
UPDATE t SET doc = '{"items": {}}' WHERE id = 7;
\set VERBOSITY default
ROLLBACK TO a;
INSERT INTO t VALUES (501, 2, '{fine}', '{"items": [5]}', 1);
COMMIT;
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');

-- One row that expands to thousands; thousands of rows in a statement
INSERT INTO t VALUES (600, 1, (SELECT array_agg('many' || i) FROM generate_series(1, 3000) i), '{"items": [1]}', 3);
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
INSERT INTO t SELECT i, i % 3, ARRAY['b' || i % 5, 'c'], '{"items": [1, 2]}', 2 FROM generate_series(1000, 4000) i;
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
DELETE FROM t WHERE id = 600;
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
SELECT ivm_fdw_rebuild('tags') > 0, ivm_fdw_rebuild('listed') > 0, ivm_fdw_rebuild('named') > 0, ivm_fdw_rebuild('first_tags') > 0;
SELECT all_same('tags', 'items', 'series', 'tag_rows', 'listed', 'listed_docs', 'named', 'first_tags', 'two');
SELECT (SELECT count(*) FROM ivm_fdw_verify('tags')), (SELECT count(*) FROM ivm_fdw_verify('listed_docs')), (SELECT count(*) FROM ivm_fdw_verify('first_tags'));

-- Partitions with other column numbers expand as well
CREATE TABLE p (k int, arr int[]) PARTITION BY LIST (k);
CREATE TABLE p1 (gone int, arr int[], k int);
ALTER TABLE p1 DROP COLUMN gone;
ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
CALL make_view('of_p', 'SELECT e, count(*) AS n, array_agg(k ORDER BY k) AS ks FROM p, unnest(arr) AS u (e) GROUP BY e');
INSERT INTO p VALUES (1, '{1,2,2}'), (2, '{2,3}'), (2, '{}');
SELECT same('of_p');
UPDATE p SET k = 3 - k;
SELECT same('of_p');
SELECT * FROM of_p ORDER BY e;

SET client_min_messages = warning;
DROP TABLE t, p CASCADE;
RESET client_min_messages;
