\set g random(1, 1)
\set x random(1, 1000000)
INSERT INTO pct_big (g, x) VALUES (:g, :x);
