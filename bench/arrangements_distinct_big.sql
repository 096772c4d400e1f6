\set g random(1, 1)
SELECT d FROM view_distinct_big WHERE g = :g;
