\set g random(1, 100)
SELECT p FROM view_pct_small WHERE g = :g;
