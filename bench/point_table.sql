\set k random(1, 1000000)
SELECT * FROM the_table WHERE k = :k;
