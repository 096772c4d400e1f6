-- The extension, and what the other tests use.  Runs first.
SET client_min_messages = warning;
CREATE EXTENSION ivm_fdw;
RESET client_min_messages;

-- make_view(name, query): a view with the columns that the query has, built at once
-- (after a commit, since a transaction that wrote before cannot build what it creates).
CREATE PROCEDURE make_view(name text, query text)
LANGUAGE plpgsql AS $$
DECLARE
	columns text;
BEGIN
	EXECUTE format('CREATE TEMP VIEW make_view_columns AS %s', query);
	SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) ||
			CASE WHEN attcollation <> typcollation THEN ' COLLATE ' || attcollation::regcollation ELSE '' END,
			', ' ORDER BY attnum)
		INTO columns
		FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
		WHERE attrelid = 'make_view_columns'::regclass AND attnum > 0;
	DROP VIEW make_view_columns;
	EXECUTE format('CREATE FOREIGN TABLE %s (%s) SERVER ivm OPTIONS (query %L)', name, columns, query);
	COMMIT;
	PERFORM ivm_fdw_rebuild(name::regclass);
END $$;

-- same(view): compares the view with its query in one statement, as multisets of
-- the rows' texts, and says where the rows came from.
CREATE FUNCTION same(view regclass, source boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	query text;
	nrows bigint;
	differences bigint;
	before record;
	after record;
BEGIN
	SELECT option_value INTO STRICT query
		FROM pg_foreign_table, pg_options_to_table(ftoptions)
		WHERE ftrelid = view AND option_name = 'query';
	SELECT * INTO before FROM ivm_fdw.session_reads();
	EXECUTE format('WITH v AS MATERIALIZED (SELECT same_v::text AS r FROM %s same_v),
			q AS MATERIALIZED (SELECT same_q::text AS r FROM (%s) same_q)
		SELECT (SELECT count(*) FROM v),
			(SELECT count(*) FROM ((TABLE v EXCEPT ALL TABLE q) UNION ALL (TABLE q EXCEPT ALL TABLE v)) d)',
		view, query) INTO nrows, differences;
	SELECT * INTO after FROM ivm_fdw.session_reads();
	RETURN format('%s rows, %s', nrows, CASE differences WHEN 0 THEN 'same' ELSE differences || ' DIFFERENT' END) ||
		CASE WHEN NOT source THEN ''
			WHEN after.live > before.live THEN ', live'
			WHEN after.store > before.store THEN ', from the store'
			ELSE ', from nowhere' END;
END $$;

-- all_same(views): the same for several views, in a word; and for their ivm_fdw_verify.
CREATE FUNCTION all_same(VARIADIC views text[]) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	v text;
	result text;
	wrong text := '';
	live int := 0;
BEGIN
	FOREACH v IN ARRAY views LOOP
		result := same(v::regclass);
		IF result !~ ', same' THEN
			wrong := wrong || format(' %s: %s', v, result);
		ELSIF result !~ 'from the store' THEN
			live := live + 1;
		END IF;
	END LOOP;
	RETURN CASE wrong WHEN '' THEN format('%s same', cardinality(views)) ELSE 'DIFFERENT:' || wrong END ||
		CASE live WHEN 0 THEN ', from the store' ELSE format(', %s live', live) END;
END $$;

-- all_of_schema(): each view of the current schema, compared by same().
CREATE FUNCTION all_of_schema() RETURNS TABLE (view name, same text)
LANGUAGE sql AS $$
	SELECT relname, same(oid::regclass) FROM pg_class
		WHERE relkind = 'f' AND relnamespace = current_schema::regnamespace ORDER BY relname
$$;

-- folded(views): waits until the changes of ended transactions are folded into the rows of these views.
CREATE FUNCTION folded(VARIADIC views text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 400 LOOP
		IF NOT EXISTS (SELECT FROM ivm_fdw_status WHERE view = ANY (views::regclass[]) AND pending_deltas > 0) THEN
			RETURN true;
		END IF;
		PERFORM pg_sleep(0.05);
	END LOOP;
	RETURN false;
END $$;
