-- The view as a table, kept by a hand-written statement trigger with a transition table.
CREATE TABLE by_region (region int PRIMARY KEY, n bigint, total numeric) WITH (fillfactor = 50);
INSERT INTO by_region SELECT region, count(*), sum(amount) FROM sales GROUP BY region;
VACUUM ANALYZE by_region;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO by_region SELECT region, count(*), sum(amount) FROM new_rows GROUP BY region ORDER BY region
		ON CONFLICT (region) DO UPDATE SET n = by_region.n + excluded.n, total = by_region.total + excluded.total;
	RETURN NULL;
END $$;
CREATE TRIGGER keep AFTER INSERT ON sales REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep();
