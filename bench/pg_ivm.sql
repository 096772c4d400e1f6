-- The view, kept by pg_ivm (where it is installed).
CREATE EXTENSION pg_ivm;
SELECT pgivm.create_immv('by_region', 'SELECT region, count(*) AS n, sum(amount) AS total FROM sales GROUP BY region');
