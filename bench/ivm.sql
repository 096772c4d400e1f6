-- The view, kept by ivm_fdw.
CREATE FOREIGN TABLE by_region (region int, n bigint, total numeric)
	SERVER ivm OPTIONS (query 'SELECT region, count(*), sum(amount) FROM sales GROUP BY region');
SELECT ivm_fdw_rebuild('by_region');
