-- The view as a table: statement triggers compute the changed invoices anew from the query.
\ir query.sql
CREATE VIEW invoice_query AS :query;
CREATE TABLE invoice_totals AS SELECT * FROM invoice_query;
ALTER TABLE invoice_totals ADD PRIMARY KEY (invoice_id);
VACUUM ANALYZE invoice_totals;
CREATE FUNCTION keep(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM invoice_totals WHERE invoice_id = ANY (ids);
	INSERT INTO invoice_totals SELECT * FROM invoice_query WHERE invoice_id = ANY (ids);
END $$;
CREATE FUNCTION keep_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM keep((SELECT array_agg(DISTINCT invoice_id) FROM new_rows));
	RETURN NULL;
END $$;
CREATE FUNCTION keep_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM keep((SELECT array_agg(DISTINCT invoice_id) FROM old_rows));
	RETURN NULL;
END $$;
-- (no statement here moves a line to another invoice)
CREATE TRIGGER inserted AFTER INSERT ON invoices REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_new();
CREATE TRIGGER updated AFTER UPDATE ON invoices REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_new();
CREATE TRIGGER deleted AFTER DELETE ON invoices REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_old();
CREATE TRIGGER inserted AFTER INSERT ON invoice_lines REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_new();
CREATE TRIGGER updated AFTER UPDATE ON invoice_lines REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_new();
CREATE TRIGGER deleted AFTER DELETE ON invoice_lines REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_old();
