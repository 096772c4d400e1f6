INSERT INTO sales (region, amount) VALUES (1, 12.50);
