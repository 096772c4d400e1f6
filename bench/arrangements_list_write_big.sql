\set g random(1, 1)
INSERT INTO list_big (g, s) VALUES (:g, 'one more');
