-- One transaction on :batch invoices: 45% insert them with their lines, 10% update all their
-- lines, 45% delete them with their lines.  Each client inserts and deletes in turn, so that
-- the number of invoices stays what it is.
\set dice random(1, 100)
BEGIN;
\if :dice <= 10
	SELECT o.last_value AS low, n.last_value AS high FROM oldest o, newest n \gset
	\set first random(:low + 5 * :batch, :high - :batch)
	\set last :first + :batch - 1
	UPDATE invoice_lines SET quantity = quantity + 1 WHERE invoice_id BETWEEN :first AND :last;
\elif :turn = 0
	\set turn 1
	SELECT nextval('newest') AS last \gset
	\set first :last - :batch + 1
	INSERT INTO invoices SELECT * FROM new_invoices(:first, :last);
	INSERT INTO invoice_lines SELECT * FROM new_lines(:first, :last);
\else
	\set turn 0
	SELECT nextval('oldest') AS last \gset
	\set first :last - :batch + 1
	DELETE FROM invoice_lines WHERE invoice_id BETWEEN :first AND :last;
	DELETE FROM invoices WHERE invoice_id BETWEEN :first AND :last;
\endif
COMMIT;
