/* ivm_fdw--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION ivm_fdw" to load this file. \quit

-- ---------------------------------------------------------------------
-- The wrapper, its server, and the extension's own schema
-- ---------------------------------------------------------------------

CREATE SCHEMA ivm_fdw;
COMMENT ON SCHEMA ivm_fdw IS 'ivm_fdw''s own objects; nothing here is for direct use';
GRANT USAGE ON SCHEMA ivm_fdw TO PUBLIC;

CREATE FUNCTION ivm_fdw.handler() RETURNS fdw_handler
AS 'MODULE_PATHNAME', 'ivm_fdw_handler' LANGUAGE C STRICT;
COMMENT ON FUNCTION ivm_fdw.handler() IS 'foreign-data wrapper handler of ivm_fdw';

CREATE FUNCTION ivm_fdw.validator(text[], oid) RETURNS void
AS 'MODULE_PATHNAME', 'ivm_fdw_validator' LANGUAGE C STRICT;
COMMENT ON FUNCTION ivm_fdw.validator(text[], oid) IS 'checks the options of ivm_fdw''s server and foreign tables';

CREATE FOREIGN DATA WRAPPER ivm_fdw HANDLER ivm_fdw.handler VALIDATOR ivm_fdw.validator;
COMMENT ON FOREIGN DATA WRAPPER ivm_fdw IS 'views kept up to date by every write';

CREATE SERVER ivm FOREIGN DATA WRAPPER ivm_fdw;
COMMENT ON SERVER ivm IS 'server for views: CREATE FOREIGN TABLE v (...) SERVER ivm OPTIONS (query ''...'')';
GRANT USAGE ON FOREIGN SERVER ivm TO PUBLIC;

-- One row a view; written by the library only.
CREATE TABLE ivm_fdw.view
(
	relid oid NOT NULL PRIMARY KEY,
	id bigint NOT NULL UNIQUE,
	baserels oid[] NOT NULL,
	catversion integer NOT NULL,
	tree text NOT NULL,
	settings text NOT NULL
);
COMMENT ON TABLE ivm_fdw.view IS 'definitions of views, kept by the library';

CREATE SEQUENCE ivm_fdw.view_id AS bigint MAXVALUE 4294967295 CYCLE;
COMMENT ON SEQUENCE ivm_fdw.view_id IS 'definition ids: a new one for each definition of a view';

-- Capture triggers' functions
CREATE FUNCTION ivm_fdw.capture() RETURNS trigger
AS 'MODULE_PATHNAME', 'ivm_fdw_capture' LANGUAGE C;
COMMENT ON FUNCTION ivm_fdw.capture() IS 'row trigger on base tables: turns a changed row into deltas of the views over it';

CREATE FUNCTION ivm_fdw.truncated() RETURNS trigger
AS 'MODULE_PATHNAME', 'ivm_fdw_truncated' LANGUAGE C;
COMMENT ON FUNCTION ivm_fdw.truncated() IS 'statement trigger on base tables: TRUNCATE empties the views over it';

-- Rebuild
CREATE FUNCTION ivm_fdw_rebuild(view regclass) RETURNS bigint
AS 'MODULE_PATHNAME', 'ivm_fdw_rebuild' LANGUAGE C STRICT;
COMMENT ON FUNCTION ivm_fdw_rebuild(regclass) IS 'builds a view anew, beside running writers; returns its number of rows';

CREATE FUNCTION ivm_fdw_rebuild() RETURNS bigint
AS 'MODULE_PATHNAME', 'ivm_fdw_rebuild_all' LANGUAGE C STRICT;
COMMENT ON FUNCTION ivm_fdw_rebuild() IS 'builds all views of the caller anew; returns their number of rows';


-- ---------------------------------------------------------------------
-- Check: what would become of a query
-- ---------------------------------------------------------------------

CREATE FUNCTION ivm_fdw_check(query text, OUT part text, OUT item text, OUT how text, OUT cost text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ivm_fdw_check' LANGUAGE C STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION ivm_fdw_check(text) IS 'how each part of a query would be kept as a view and what a read costs, or what is refused, where and why; creates nothing';
