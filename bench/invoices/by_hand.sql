-- The view as a table: statement triggers add what changed (is_balanced is for a reader to compute).
\ir query.sql
CREATE TABLE invoice_totals AS :query;
ALTER TABLE invoice_totals DROP COLUMN is_balanced, ADD COLUMN total numeric NOT NULL DEFAULT 0, ADD PRIMARY KEY (invoice_id);
UPDATE invoice_totals SET total = sku_total + shipping_total + tax_total;
VACUUM FULL ANALYZE invoice_totals;
ALTER TABLE invoice_totals SET (fillfactor = 80);
CREATE FUNCTION keep_inserted_invoices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO invoice_totals (invoice_id, vendor_id, invoice_date, header_total, sku_total, shipping_total, tax_total)
		SELECT invoice_id, vendor_id, invoice_date, header_total, 0, 0, 0 FROM new_rows;
	RETURN NULL;
END $$;
CREATE FUNCTION keep_updated_invoices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE invoice_totals t SET (vendor_id, invoice_date, header_total) = (n.vendor_id, n.invoice_date, n.header_total)
		FROM new_rows n WHERE n.invoice_id = t.invoice_id;
	RETURN NULL;
END $$;
CREATE FUNCTION keep_deleted_invoices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM invoice_totals WHERE invoice_id IN (SELECT invoice_id FROM old_rows);
	RETURN NULL;
END $$;
CREATE FUNCTION keep_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		UPDATE invoice_totals t SET sku_total = t.sku_total + c.sku, shipping_total = t.shipping_total + c.shipping,
				tax_total = t.tax_total + c.tax, total = t.total + c.total
			FROM (SELECT invoice_id, sum(amount) AS total, COALESCE(sum(amount) FILTER (WHERE line_type = 'sku'), 0) AS sku,
						 COALESCE(sum(amount) FILTER (WHERE line_type = 'shipping'), 0) AS shipping,
						 COALESCE(sum(amount) FILTER (WHERE line_type = 'tax'), 0) AS tax
				  FROM (SELECT invoice_id, line_type, quantity * unit_price AS amount FROM new_rows) AS l GROUP BY invoice_id) AS c
			WHERE c.invoice_id = t.invoice_id;
	ELSIF TG_OP = 'DELETE' THEN
		UPDATE invoice_totals t SET sku_total = t.sku_total + c.sku, shipping_total = t.shipping_total + c.shipping,
				tax_total = t.tax_total + c.tax, total = t.total + c.total
			FROM (SELECT invoice_id, sum(amount) AS total, COALESCE(sum(amount) FILTER (WHERE line_type = 'sku'), 0) AS sku,
						 COALESCE(sum(amount) FILTER (WHERE line_type = 'shipping'), 0) AS shipping,
						 COALESCE(sum(amount) FILTER (WHERE line_type = 'tax'), 0) AS tax
				  FROM (SELECT invoice_id, line_type, - quantity * unit_price AS amount FROM old_rows) AS l GROUP BY invoice_id) AS c
			WHERE c.invoice_id = t.invoice_id;
	ELSE
		UPDATE invoice_totals t SET sku_total = t.sku_total + c.sku, shipping_total = t.shipping_total + c.shipping,
				tax_total = t.tax_total + c.tax, total = t.total + c.total
			FROM (SELECT invoice_id, sum(amount) AS total, COALESCE(sum(amount) FILTER (WHERE line_type = 'sku'), 0) AS sku,
						 COALESCE(sum(amount) FILTER (WHERE line_type = 'shipping'), 0) AS shipping,
						 COALESCE(sum(amount) FILTER (WHERE line_type = 'tax'), 0) AS tax
				  FROM (SELECT invoice_id, line_type, quantity * unit_price AS amount FROM new_rows
						UNION ALL SELECT invoice_id, line_type, - quantity * unit_price FROM old_rows) AS l GROUP BY invoice_id) AS c
			WHERE c.invoice_id = t.invoice_id;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER inserted AFTER INSERT ON invoices REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_inserted_invoices();
CREATE TRIGGER updated AFTER UPDATE ON invoices REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_updated_invoices();
CREATE TRIGGER deleted AFTER DELETE ON invoices REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_deleted_invoices();
CREATE TRIGGER inserted AFTER INSERT ON invoice_lines REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_lines();
CREATE TRIGGER updated AFTER UPDATE ON invoice_lines REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_lines();
CREATE TRIGGER deleted AFTER DELETE ON invoice_lines REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_lines();
