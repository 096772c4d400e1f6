-- Groups of 1,000 rows (small) and of many (big), in tables of the same size; id, g and x rise together.
CREATE EXTENSION ivm_fdw;

-- Extremes, and the same tables without a view
CREATE TABLE max_small (id int PRIMARY KEY, g int NOT NULL, x int NOT NULL);
INSERT INTO max_small SELECT i, (i - 1) / 1000 + 1, i FROM generate_series(1, 1000000) i;
CREATE INDEX ON max_small (g);
CREATE TABLE max_big (LIKE max_small INCLUDING ALL);
INSERT INTO max_big SELECT i, 1, i FROM generate_series(1, 1000000) i;
CREATE TABLE bare_small (LIKE max_small INCLUDING ALL);
INSERT INTO bare_small TABLE max_small;
CREATE TABLE bare_big (LIKE max_small INCLUDING ALL);
INSERT INTO bare_big TABLE max_big;
CREATE FOREIGN TABLE view_max_small (g int, lo int, hi int) SERVER ivm OPTIONS (query 'SELECT g, min(x), max(x) FROM max_small GROUP BY g');
CREATE FOREIGN TABLE view_max_big (g int, lo int, hi int) SERVER ivm OPTIONS (query 'SELECT g, min(x), max(x) FROM max_big GROUP BY g');

-- Distinct values
CREATE TABLE distinct_small (LIKE max_small);
INSERT INTO distinct_small TABLE max_small;
CREATE TABLE distinct_big (LIKE max_small);
INSERT INTO distinct_big TABLE max_big;
CREATE FOREIGN TABLE view_distinct_small (g int, d bigint) SERVER ivm OPTIONS (query 'SELECT g, count(DISTINCT x) FROM distinct_small GROUP BY g');
CREATE FOREIGN TABLE view_distinct_big (g int, d bigint) SERVER ivm OPTIONS (query 'SELECT g, count(DISTINCT x) FROM distinct_big GROUP BY g');

-- Lists and percentiles: groups of 1,000 and of 100,000
CREATE TABLE list_small (id serial PRIMARY KEY, g int NOT NULL, s text NOT NULL);
INSERT INTO list_small (g, s) SELECT (i - 1) / 1000 + 1, 'item ' || i FROM generate_series(1, 100000) i;
CREATE TABLE list_big (id serial PRIMARY KEY, g int NOT NULL, s text NOT NULL);
INSERT INTO list_big (g, s) SELECT 1, 'item ' || i FROM generate_series(1, 100000) i;
CREATE TABLE pct_small (id serial PRIMARY KEY, g int NOT NULL, x int NOT NULL);
INSERT INTO pct_small (g, x) SELECT (i - 1) / 1000 + 1, i * 7919 % 1000003 FROM generate_series(1, 100000) i;
CREATE TABLE pct_big (id serial PRIMARY KEY, g int NOT NULL, x int NOT NULL);
INSERT INTO pct_big (g, x) SELECT 1, i * 7919 % 1000003 FROM generate_series(1, 100000) i;
CREATE FOREIGN TABLE view_list_small (g int, l text) SERVER ivm OPTIONS (query 'SELECT g, string_agg(s, '','' ORDER BY id) FROM list_small GROUP BY g');
CREATE FOREIGN TABLE view_list_big (g int, l text) SERVER ivm OPTIONS (query 'SELECT g, string_agg(s, '','' ORDER BY id) FROM list_big GROUP BY g');
CREATE FOREIGN TABLE view_pct_small (g int, p float8) SERVER ivm OPTIONS (query 'SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM pct_small GROUP BY g');
CREATE FOREIGN TABLE view_pct_big (g int, p float8) SERVER ivm OPTIONS (query 'SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM pct_big GROUP BY g');

-- Top 10: of a partition of 1,000,000 rows beside small ones, and of the whole table
CREATE TABLE top (id int PRIMARY KEY, g int NOT NULL, x int NOT NULL);
INSERT INTO top SELECT i, CASE WHEN i <= 1000000 THEN 1 ELSE i % 100 + 2 END, (i * 7919::bigint) % 1000003 FROM generate_series(1, 1010000) i;
CREATE INDEX ON top (g, x DESC, id);
CREATE INDEX ON top (x DESC, id);
CREATE FOREIGN TABLE view_top_grouped (g int, id int, x int, rn bigint) SERVER ivm
	OPTIONS (query 'SELECT * FROM (SELECT g, id, x, row_number() OVER (PARTITION BY g ORDER BY x DESC, id) AS rn FROM top) s WHERE rn <= 10');
CREATE FOREIGN TABLE view_top_plain (id int, x int) SERVER ivm OPTIONS (query 'SELECT id, x FROM top ORDER BY x DESC, id LIMIT 10');
SELECT ivm_fdw_rebuild();
VACUUM ANALYZE;

/*
 * delete_small(first, n), delete_big(first, n): delete the largest value of a group n times, each time read the new one,
 * and delete the same row of the table without a view.  They give the medians, in microseconds, commits included.
 * A pause now and then leaves time for folding, as there is between the changes of one group.
 */
CREATE TABLE timing (deleted float8, read float8, bare float8);
DO $do$
DECLARE
	size text;
	body text := $body$
		CREATE PROCEDURE delete_%1$s(first int, n int, INOUT deleted float8 DEFAULT 0, INOUT read float8 DEFAULT 0, INOUT bare float8 DEFAULT 0)
		LANGUAGE plpgsql AS $p$
		DECLARE
			row_id int;
			grp int;
			largest int;
			t timestamptz[];
		BEGIN
			TRUNCATE timing;
			COMMIT;
			FOR i IN first .. first + n - 1 LOOP
				grp := %2$s;
				row_id := %3$s;
				t[1] := clock_timestamp();
				DELETE FROM max_%1$s WHERE id = row_id;
				COMMIT;
				t[2] := clock_timestamp();
				SELECT hi INTO largest FROM view_max_%1$s WHERE g = grp;
				t[3] := clock_timestamp();
				COMMIT;
				IF largest <> row_id - 1 THEN
					RAISE EXCEPTION 'the largest is %%, not %%', largest, row_id - 1;
				END IF;
				t[4] := clock_timestamp();
				DELETE FROM bare_%1$s WHERE id = row_id;
				COMMIT;
				t[5] := clock_timestamp();
				INSERT INTO timing VALUES (extract(epoch FROM t[2] - t[1]) * 1e6, extract(epoch FROM t[3] - t[2]) * 1e6, extract(epoch FROM t[5] - t[4]) * 1e6);
				COMMIT;
				IF i %% 20 = 0 THEN
					PERFORM pg_sleep(0.05);
				END IF;
			END LOOP;
			SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY m.deleted), percentile_cont(0.5) WITHIN GROUP (ORDER BY m.read), percentile_cont(0.5) WITHIN GROUP (ORDER BY m.bare)
				INTO deleted, read, bare FROM timing m;
		END $p$
	$body$;
BEGIN
	EXECUTE format(body, 'small', 'i % 1000 + 1', 'grp * 1000 - i / 1000');
	EXECUTE format(body, 'big', '1', '1000000 - i');
END $do$;
