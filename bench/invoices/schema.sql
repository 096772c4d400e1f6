-- Invoices with 3 to 25 lines each; :invoices of them.  Blocks of ids are taken from two
-- sequences, the newest for inserts and the oldest for deletes, so that no two clients meet.
CREATE EXTENSION ivm_fdw;
CREATE TABLE invoices (invoice_id bigint PRIMARY KEY, vendor_id int NOT NULL, invoice_date date NOT NULL, header_total numeric(12,2) NOT NULL);
CREATE TABLE invoice_lines (
	invoice_id bigint NOT NULL REFERENCES invoices, line_no int NOT NULL,
	line_type text NOT NULL, quantity int NOT NULL, unit_price numeric(12,2) NOT NULL,
	PRIMARY KEY (invoice_id, line_no));

-- the invoices and lines with ids from $1 to $2
CREATE FUNCTION new_invoices(bigint, bigint) RETURNS SETOF invoices LANGUAGE sql IMMUTABLE
	BEGIN ATOMIC
		SELECT i, 1 + i::int % 1000, DATE '2026-01-01' + i::int % 365, (i % 100000)::numeric(12,2) FROM generate_series($1, $2) AS i;
	END;
CREATE FUNCTION new_lines(bigint, bigint) RETURNS SETOF invoice_lines LANGUAGE sql IMMUTABLE
	BEGIN ATOMIC
		SELECT i, n, (ARRAY['sku', 'sku', 'sku', 'shipping', 'tax'])[1 + n % 5], 1 + n, (10 + n / 4.0)::numeric(12,2)
		FROM generate_series($1, $2) AS i, generate_series(1, 3 + (hashint8(i) & 65535) % 23) AS n;
	END;
INSERT INTO invoices SELECT * FROM new_invoices(1, :invoices);
INSERT INTO invoice_lines SELECT * FROM new_lines(1, :invoices);
CREATE SEQUENCE newest MINVALUE 0;
CREATE SEQUENCE oldest MINVALUE 0;
SELECT setval('newest', :invoices), setval('oldest', 0);
VACUUM ANALYZE;
