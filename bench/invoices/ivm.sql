-- The view, kept by ivm_fdw.
\ir query.sql
CREATE FOREIGN TABLE invoice_totals (invoice_id bigint, vendor_id int, invoice_date date, header_total numeric(12,2),
		sku_total numeric, shipping_total numeric, tax_total numeric, is_balanced boolean)
	SERVER ivm OPTIONS (query :'query');
SELECT ivm_fdw_rebuild('invoice_totals');
