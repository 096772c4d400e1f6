-- The view, kept by pg_ivm (where it is installed), which has no outer join in aggregate views:
-- invoices without lines are missing, and so are the expressions over aggregates.
CREATE EXTENSION pg_ivm;
SELECT pgivm.create_immv('invoice_totals', $$
	SELECT i.invoice_id, i.vendor_id, i.invoice_date, i.header_total, count(*) AS lines, sum(l.quantity * l.unit_price) AS total,
		sum(CASE WHEN l.line_type = 'sku' THEN l.quantity * l.unit_price END) AS sku_total,
		sum(CASE WHEN l.line_type = 'shipping' THEN l.quantity * l.unit_price END) AS shipping_total,
		sum(CASE WHEN l.line_type = 'tax' THEN l.quantity * l.unit_price END) AS tax_total
	FROM invoices i JOIN invoice_lines l USING (invoice_id) GROUP BY i.invoice_id, i.vendor_id, i.invoice_date, i.header_total$$);
