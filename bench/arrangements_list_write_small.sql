\set g random(1, 100)
INSERT INTO list_small (g, s) VALUES (:g, 'one more');
