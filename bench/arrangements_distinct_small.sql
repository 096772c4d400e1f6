\set g random(1, 1000)
SELECT d FROM view_distinct_small WHERE g = :g;
