\set g random(1, 100)
\set x random(1, 1000000)
INSERT INTO pct_small (g, x) VALUES (:g, :x);
