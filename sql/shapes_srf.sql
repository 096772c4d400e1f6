-- Rows made of rows: functions that return sets, LATERAL, VALUES; subqueries and CTEs that flatten.
SET client_min_messages = warning;
CREATE SCHEMA srf;
SET search_path = srf, public;
CREATE TABLE post (id int PRIMARY KEY, author text COLLATE "C", tags text[], body jsonb, n int, words text COLLATE "C");
INSERT INTO post VALUES (1, 'ann', '{a,b,a}', '[{"k": 1}, {"k": 2}]', 3, 'one two two'), (2, 'bob', '{b}', '[]', 0, ''),
	(3, 'ann', NULL, NULL, NULL, NULL), (4, 'cy', '{}', '[{"k": 1}]', 2, 'three');

CALL make_view('tag_counts', 'SELECT tag COLLATE "C" AS tag, count(*), count(DISTINCT author) AS authors, string_agg(id::text, '','' ORDER BY id) AS ids FROM post, unnest(tags) AS tag GROUP BY tag COLLATE "C"');
CALL make_view('elements', 'SELECT id, (e ->> ''k'')::int AS k FROM post, LATERAL jsonb_array_elements(body) AS e');
CALL make_view('numbered', 'SELECT p.id, t.tag, t.nr FROM post p, unnest(p.tags) WITH ORDINALITY AS t(tag, nr) WHERE t.nr < 3');
CALL make_view('series', 'SELECT id, generate_series(1, n) AS i FROM post');
CALL make_view('series_sum', 'SELECT author, sum(i) AS s, count(*) FROM post CROSS JOIN generate_series(1, n) AS i GROUP BY author');
CALL make_view('optional', 'SELECT p.id, w FROM post p LEFT JOIN LATERAL unnest(tags) AS w ON w <> ''a''');
CALL make_view('words', 'SELECT w COLLATE "C" AS w, count(*) FROM post, regexp_split_to_table(words, '' +'') w WHERE w <> '''' GROUP BY 1');
CALL make_view('two', 'SELECT a.tag AS a, b.tag AS b, count(*) FROM post, unnest(tags) AS a(tag), unnest(tags) AS b(tag) WHERE a.tag < b.tag GROUP BY 1, 2');
CALL make_view('constants', 'SELECT id, v.label, v.f * n AS x FROM post, (VALUES (''once'', 1), (''twice'', 2)) AS v(label, f) WHERE n > 0');
CALL make_view('sidelong', 'SELECT id, x.up, x.size FROM post, LATERAL (SELECT upper(author) AS up, cardinality(tags) AS size) x WHERE x.size > 0');
CALL make_view('pivot', 'SELECT k, count(v) AS n, max(v) AS most FROM post, LATERAL (VALUES (''n'', n), (''tags'', cardinality(tags))) AS c(k, v) GROUP BY k');
SELECT * FROM tag_counts ORDER BY tag;
SELECT * FROM elements ORDER BY id, k;
SELECT * FROM numbered ORDER BY id, nr;
SELECT * FROM series ORDER BY id, i;
SELECT * FROM series_sum ORDER BY author;
SELECT * FROM optional ORDER BY id, w;
SELECT * FROM words ORDER BY w;
SELECT * FROM two ORDER BY a, b;
SELECT * FROM constants ORDER BY id, label;
SELECT * FROM sidelong ORDER BY id;
SELECT * FROM pivot ORDER BY k;
EXPLAIN (COSTS OFF) SELECT * FROM tag_counts WHERE tag = 'b';
SELECT * FROM tag_counts WHERE tag = 'b';

CREATE FUNCTION all_same() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT v || ': ' || same(v::regclass) FROM unnest(ARRAY['tag_counts', 'elements', 'numbered', 'series', 'series_sum', 'optional', 'words', 'two',
		'constants', 'sidelong', 'pivot']) v$$;
UPDATE post SET tags = tags || '{c,c}', n = n + 1, body = body || '[{"k": null}]', words = words || ' two four';
SELECT all_same();
SELECT * FROM tag_counts ORDER BY tag;
DELETE FROM post WHERE id = 1;
INSERT INTO post VALUES (5, 'dee', ARRAY['z', NULL, 'z'], '[{"k": 7}, {}]', 5, 'two'), (6, 'ann', '{a}', '[1]', -1, '  ');
SELECT all_same();
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM words ORDER BY w;
UPDATE post SET words = 'changed', tags = '{x}' WHERE id > 3;
SAVEPOINT s;
DELETE FROM post;
SELECT count(*) FROM all_same() r WHERE r !~ ' same, from the store$';
ROLLBACK TO s;
SELECT count(*) FROM all_same() r WHERE r !~ ' same, from the store$';
FETCH ALL FROM c;
ROLLBACK;
-- an error in a row's evaluation stops its writer
INSERT INTO post (id, body) VALUES (9, '{"no": "array"}');
SELECT all_same();
TRUNCATE post;
SELECT same('tag_counts', false), same('optional', false), same('pivot', false);
INSERT INTO post SELECT i, 'a' || i % 3, ARRAY[chr(97 + i % 5), chr(97 + i % 7)], jsonb_build_array(jsonb_build_object('k', i % 2)), i % 4, 'w' || i % 6 || ' x' FROM generate_series(1, 300) i;
UPDATE post SET tags[1] = 'q' WHERE id % 2 = 0;
SELECT count(*) FROM all_same() r WHERE r !~ ' same, (from the store|live)$';
SELECT ivm_fdw_rebuild('tag_counts') AS tags, ivm_fdw_rebuild('series') AS series;
DELETE FROM post WHERE id % 3 = 0;
SELECT same('tag_counts'), same('series'), (SELECT count(*) FROM ivm_fdw_verify('tag_counts')) AS wrong;
SELECT * FROM tag_counts WHERE tag IN ('q', 'nothing');

-- what PostgreSQL would flatten
CREATE TABLE item (id int PRIMARY KEY, kind int, price numeric, old bool);
INSERT INTO item SELECT i, i % 3, i / 4.0, i % 5 = 0 FROM generate_series(1, 20) i;
CALL make_view('nested', 'SELECT kind, sum(p) AS total FROM (SELECT kind, price * 2 AS p, old FROM (SELECT * FROM item WHERE id > 2) a) b WHERE NOT old GROUP BY kind');
CALL make_view('with_cte', 'WITH young AS (SELECT * FROM item WHERE NOT old), dear AS (SELECT id, kind FROM young WHERE price > 1) SELECT kind, count(*), max(id) FROM dear GROUP BY kind');
CALL make_view('materialized', 'WITH young AS MATERIALIZED (SELECT id, kind FROM item WHERE NOT old) SELECT id, kind FROM young WHERE kind = 1');
CALL make_view('distinct_below', 'SELECT count(*) AS kinds, sum(kind) AS s FROM (SELECT DISTINCT kind FROM item WHERE NOT old) x');
SELECT * FROM nested ORDER BY kind;
SELECT * FROM with_cte ORDER BY kind;
SELECT * FROM materialized ORDER BY id;
SELECT * FROM distinct_below;
UPDATE item SET old = NOT old WHERE kind = 2;
UPDATE item SET kind = kind + 1 WHERE id % 4 = 0;
DELETE FROM item WHERE kind = 1 AND id < 10;
SELECT same('nested'), same('with_cte'), same('materialized'), same('distinct_below');
EXPLAIN (COSTS OFF) SELECT * FROM with_cte WHERE kind = 2;
SELECT * FROM distinct_below;

DROP SCHEMA srf CASCADE;
RESET search_path;
