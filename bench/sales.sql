-- The table of the benchmarks: 100,000 rows, 1,000 groups.
CREATE EXTENSION ivm_fdw;
CREATE TABLE sales (id bigserial PRIMARY KEY, region int NOT NULL, amount numeric(10,2) NOT NULL);
INSERT INTO sales (region, amount) SELECT 1 + i % 1000, (i % 997) / 4.0 FROM generate_series(1, 100000) i;
VACUUM ANALYZE sales;
