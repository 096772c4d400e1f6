\set g random(1, 1)
SELECT p FROM view_pct_big WHERE g = :g;
