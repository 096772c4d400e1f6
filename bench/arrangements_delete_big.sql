\set n :n + 1
\set id 1000000 - :n
DELETE FROM max_big WHERE id = :id;
SELECT hi FROM view_max_big WHERE g = 1;
DELETE FROM bare_big WHERE id = :id;
