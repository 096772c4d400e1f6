\set g random(1, 1)
SELECT length(l) FROM view_list_big WHERE g = :g;
