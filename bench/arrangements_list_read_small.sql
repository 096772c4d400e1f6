\set g random(1, 100)
SELECT length(l) FROM view_list_small WHERE g = :g;
