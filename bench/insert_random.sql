\set region random(1, 1000)
INSERT INTO sales (region, amount) VALUES (:region, 12.50);
