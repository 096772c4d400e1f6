\set n :n + 1
\set g :n % 1000 + 1
\set id :g * 1000 - :n / 1000
DELETE FROM max_small WHERE id = :id;
SELECT hi FROM view_max_small WHERE g = :g;
DELETE FROM bare_small WHERE id = :id;
