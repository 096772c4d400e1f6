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
COMMENT ON COLUMN ivm_fdw.view.relid IS 'the foreign table';
COMMENT ON COLUMN ivm_fdw.view.id IS 'definition id, under which the store keeps it';
COMMENT ON COLUMN ivm_fdw.view.baserels IS 'tables that the query names';
COMMENT ON COLUMN ivm_fdw.view.catversion IS 'catalog version that the tree was written under';
COMMENT ON COLUMN ivm_fdw.view.tree IS 'the analysed query';
COMMENT ON COLUMN ivm_fdw.view.settings IS 'settings that every evaluation of the query has';

CREATE SEQUENCE ivm_fdw.view_id AS bigint MAXVALUE 4294967294 CYCLE;
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
COMMENT ON FUNCTION ivm_fdw_rebuild(regclass) IS 'builds a view anew, beside running writers; returns the number of its groups';

CREATE FUNCTION ivm_fdw_rebuild() RETURNS bigint
AS 'MODULE_PATHNAME', 'ivm_fdw_rebuild_all' LANGUAGE C STRICT;
COMMENT ON FUNCTION ivm_fdw_rebuild() IS 'builds all views of the caller anew; returns the number of their groups';


-- ---------------------------------------------------------------------
-- Check: what would become of a query
-- ---------------------------------------------------------------------

CREATE FUNCTION ivm_fdw_check(query text, OUT part text, OUT item text, OUT how text, OUT cost text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ivm_fdw_check' LANGUAGE C STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION ivm_fdw_check(text) IS 'how each part of a query would be kept as a view and what a read costs, or what is refused, where and why; creates nothing';

-- ---------------------------------------------------------------------
-- Exact float aggregates: sums without rounding, results rounded once, the
-- same in any order of the rows.  Live queries and builds use them in place of
-- PostgreSQL's.
-- ---------------------------------------------------------------------

CREATE FUNCTION ivm_fdw.float4_accum(internal, float4) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_float4_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float4_accum(internal, float4) IS 'exact aggregates: adds float4 values';

CREATE FUNCTION ivm_fdw.float4_remove(internal, float4) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_float4_remove' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float4_remove(internal, float4) IS 'exact aggregates: takes away float4 values';

CREATE FUNCTION ivm_fdw.float8_accum(internal, float8) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_float8_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float8_accum(internal, float8) IS 'exact aggregates: adds float8 values';

CREATE FUNCTION ivm_fdw.float8_remove(internal, float8) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_float8_remove' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float8_remove(internal, float8) IS 'exact aggregates: takes away float8 values';

CREATE FUNCTION ivm_fdw.float4_squares_accum(internal, float4) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_float4_squares_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float4_squares_accum(internal, float4) IS 'exact aggregates: adds float4 values and their squares';

CREATE FUNCTION ivm_fdw.float4_squares_remove(internal, float4) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_float4_squares_remove' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float4_squares_remove(internal, float4) IS 'exact aggregates: takes away float4 values and their squares';

CREATE FUNCTION ivm_fdw.float8_squares_accum(internal, float8) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_float8_squares_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float8_squares_accum(internal, float8) IS 'exact aggregates: adds float8 values and their squares';

CREATE FUNCTION ivm_fdw.float8_squares_remove(internal, float8) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_float8_squares_remove' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float8_squares_remove(internal, float8) IS 'exact aggregates: takes away float8 values and their squares';

CREATE FUNCTION ivm_fdw.pairs_accum(internal, float8, float8) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_pairs_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.pairs_accum(internal, float8, float8) IS 'exact aggregates: adds pairs (y, x) and their products';

CREATE FUNCTION ivm_fdw.pairs_remove(internal, float8, float8) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_pairs_remove' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.pairs_remove(internal, float8, float8) IS 'exact aggregates: takes away pairs (y, x) and their products';

CREATE FUNCTION ivm_fdw.exact_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_exact_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.exact_combine(internal, internal) IS 'exact aggregates: adds two states';

CREATE FUNCTION ivm_fdw.exact_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'ivm_fdw_exact_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.exact_serialize(internal) IS 'exact aggregates: packs a state';

CREATE FUNCTION ivm_fdw.exact_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'ivm_fdw_exact_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.exact_deserialize(bytea, internal) IS 'exact aggregates: unpacks a state';

CREATE FUNCTION ivm_fdw.float4_sum_final(internal) RETURNS float4
AS 'MODULE_PATHNAME', 'ivm_fdw_float4_sum_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float4_sum_final(internal) IS 'exact aggregates: result of sum';

CREATE FUNCTION ivm_fdw.float8_sum_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_float8_sum_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float8_sum_final(internal) IS 'exact aggregates: result of sum';

CREATE FUNCTION ivm_fdw.float8_avg_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_float8_avg_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float8_avg_final(internal) IS 'exact aggregates: result of avg';

CREATE FUNCTION ivm_fdw.float8_var_pop_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_float8_var_pop_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float8_var_pop_final(internal) IS 'exact aggregates: result of var_pop';

CREATE FUNCTION ivm_fdw.float8_var_samp_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_float8_var_samp_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float8_var_samp_final(internal) IS 'exact aggregates: result of var_samp';

CREATE FUNCTION ivm_fdw.float8_stddev_pop_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_float8_stddev_pop_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float8_stddev_pop_final(internal) IS 'exact aggregates: result of stddev_pop';

CREATE FUNCTION ivm_fdw.float8_stddev_samp_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_float8_stddev_samp_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.float8_stddev_samp_final(internal) IS 'exact aggregates: result of stddev_samp';

CREATE FUNCTION ivm_fdw.regr_sxx_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_regr_sxx_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.regr_sxx_final(internal) IS 'exact aggregates: result of regr_sxx';

CREATE FUNCTION ivm_fdw.regr_syy_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_regr_syy_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.regr_syy_final(internal) IS 'exact aggregates: result of regr_syy';

CREATE FUNCTION ivm_fdw.regr_sxy_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_regr_sxy_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.regr_sxy_final(internal) IS 'exact aggregates: result of regr_sxy';

CREATE FUNCTION ivm_fdw.regr_avgx_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_regr_avgx_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.regr_avgx_final(internal) IS 'exact aggregates: result of regr_avgx';

CREATE FUNCTION ivm_fdw.regr_avgy_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_regr_avgy_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.regr_avgy_final(internal) IS 'exact aggregates: result of regr_avgy';

CREATE FUNCTION ivm_fdw.regr_r2_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_regr_r2_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.regr_r2_final(internal) IS 'exact aggregates: result of regr_r2';

CREATE FUNCTION ivm_fdw.regr_slope_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_regr_slope_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.regr_slope_final(internal) IS 'exact aggregates: result of regr_slope';

CREATE FUNCTION ivm_fdw.regr_intercept_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_regr_intercept_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.regr_intercept_final(internal) IS 'exact aggregates: result of regr_intercept';

CREATE FUNCTION ivm_fdw.covar_pop_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_covar_pop_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.covar_pop_final(internal) IS 'exact aggregates: result of covar_pop';

CREATE FUNCTION ivm_fdw.covar_samp_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_covar_samp_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.covar_samp_final(internal) IS 'exact aggregates: result of covar_samp';

CREATE FUNCTION ivm_fdw.corr_final(internal) RETURNS float8
AS 'MODULE_PATHNAME', 'ivm_fdw_corr_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ivm_fdw.corr_final(internal) IS 'exact aggregates: result of corr';

CREATE AGGREGATE ivm_fdw.sum(float4) (
	SFUNC = ivm_fdw.float4_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float4_sum_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float4_accum, MINVFUNC = ivm_fdw.float4_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float4_sum_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.sum(float4) IS 'exact sum of float4 values';

CREATE AGGREGATE ivm_fdw.sum(float8) (
	SFUNC = ivm_fdw.float8_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_sum_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float8_accum, MINVFUNC = ivm_fdw.float8_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_sum_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.sum(float8) IS 'exact sum of float8 values';

CREATE AGGREGATE ivm_fdw.avg(float4) (
	SFUNC = ivm_fdw.float4_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_avg_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float4_accum, MINVFUNC = ivm_fdw.float4_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_avg_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.avg(float4) IS 'exact average of float4 values';

CREATE AGGREGATE ivm_fdw.avg(float8) (
	SFUNC = ivm_fdw.float8_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_avg_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float8_accum, MINVFUNC = ivm_fdw.float8_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_avg_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.avg(float8) IS 'exact average of float8 values';

CREATE AGGREGATE ivm_fdw.var_pop(float4) (
	SFUNC = ivm_fdw.float4_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_var_pop_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float4_squares_accum, MINVFUNC = ivm_fdw.float4_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_var_pop_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.var_pop(float4) IS 'exact population variance of float4 values';

CREATE AGGREGATE ivm_fdw.var_pop(float8) (
	SFUNC = ivm_fdw.float8_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_var_pop_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float8_squares_accum, MINVFUNC = ivm_fdw.float8_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_var_pop_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.var_pop(float8) IS 'exact population variance of float8 values';

CREATE AGGREGATE ivm_fdw.var_samp(float4) (
	SFUNC = ivm_fdw.float4_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_var_samp_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float4_squares_accum, MINVFUNC = ivm_fdw.float4_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_var_samp_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.var_samp(float4) IS 'exact sample variance of float4 values';

CREATE AGGREGATE ivm_fdw.var_samp(float8) (
	SFUNC = ivm_fdw.float8_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_var_samp_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float8_squares_accum, MINVFUNC = ivm_fdw.float8_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_var_samp_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.var_samp(float8) IS 'exact sample variance of float8 values';

CREATE AGGREGATE ivm_fdw.variance(float4) (
	SFUNC = ivm_fdw.float4_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_var_samp_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float4_squares_accum, MINVFUNC = ivm_fdw.float4_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_var_samp_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.variance(float4) IS 'exact sample variance of float4 values';

CREATE AGGREGATE ivm_fdw.variance(float8) (
	SFUNC = ivm_fdw.float8_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_var_samp_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float8_squares_accum, MINVFUNC = ivm_fdw.float8_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_var_samp_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.variance(float8) IS 'exact sample variance of float8 values';

CREATE AGGREGATE ivm_fdw.stddev_pop(float4) (
	SFUNC = ivm_fdw.float4_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_stddev_pop_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float4_squares_accum, MINVFUNC = ivm_fdw.float4_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_stddev_pop_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.stddev_pop(float4) IS 'exact population standard deviation of float4 values';

CREATE AGGREGATE ivm_fdw.stddev_pop(float8) (
	SFUNC = ivm_fdw.float8_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_stddev_pop_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float8_squares_accum, MINVFUNC = ivm_fdw.float8_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_stddev_pop_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.stddev_pop(float8) IS 'exact population standard deviation of float8 values';

CREATE AGGREGATE ivm_fdw.stddev_samp(float4) (
	SFUNC = ivm_fdw.float4_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_stddev_samp_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float4_squares_accum, MINVFUNC = ivm_fdw.float4_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_stddev_samp_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.stddev_samp(float4) IS 'exact sample standard deviation of float4 values';

CREATE AGGREGATE ivm_fdw.stddev_samp(float8) (
	SFUNC = ivm_fdw.float8_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_stddev_samp_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float8_squares_accum, MINVFUNC = ivm_fdw.float8_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_stddev_samp_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.stddev_samp(float8) IS 'exact sample standard deviation of float8 values';

CREATE AGGREGATE ivm_fdw.stddev(float4) (
	SFUNC = ivm_fdw.float4_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_stddev_samp_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float4_squares_accum, MINVFUNC = ivm_fdw.float4_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_stddev_samp_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.stddev(float4) IS 'exact sample standard deviation of float4 values';

CREATE AGGREGATE ivm_fdw.stddev(float8) (
	SFUNC = ivm_fdw.float8_squares_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.float8_stddev_samp_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.float8_squares_accum, MINVFUNC = ivm_fdw.float8_squares_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.float8_stddev_samp_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.stddev(float8) IS 'exact sample standard deviation of float8 values';

CREATE AGGREGATE ivm_fdw.regr_sxx(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.regr_sxx_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.regr_sxx_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.regr_sxx(float8, float8) IS 'exact sum of squares of x about its mean of pairs (y, x)';

CREATE AGGREGATE ivm_fdw.regr_syy(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.regr_syy_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.regr_syy_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.regr_syy(float8, float8) IS 'exact sum of squares of y about its mean of pairs (y, x)';

CREATE AGGREGATE ivm_fdw.regr_sxy(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.regr_sxy_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.regr_sxy_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.regr_sxy(float8, float8) IS 'exact sum of products of x and y about their means of pairs (y, x)';

CREATE AGGREGATE ivm_fdw.regr_avgx(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.regr_avgx_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.regr_avgx_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.regr_avgx(float8, float8) IS 'exact average of x of pairs (y, x)';

CREATE AGGREGATE ivm_fdw.regr_avgy(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.regr_avgy_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.regr_avgy_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.regr_avgy(float8, float8) IS 'exact average of y of pairs (y, x)';

CREATE AGGREGATE ivm_fdw.regr_r2(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.regr_r2_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.regr_r2_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.regr_r2(float8, float8) IS 'exact square of the correlation coefficient of pairs (y, x)';

CREATE AGGREGATE ivm_fdw.regr_slope(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.regr_slope_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.regr_slope_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.regr_slope(float8, float8) IS 'exact slope of the least-squares line of pairs (y, x)';

CREATE AGGREGATE ivm_fdw.regr_intercept(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.regr_intercept_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.regr_intercept_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.regr_intercept(float8, float8) IS 'exact y-intercept of the least-squares line of pairs (y, x)';

CREATE AGGREGATE ivm_fdw.covar_pop(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.covar_pop_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.covar_pop_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.covar_pop(float8, float8) IS 'exact population covariance of pairs (y, x)';

CREATE AGGREGATE ivm_fdw.covar_samp(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.covar_samp_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.covar_samp_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.covar_samp(float8, float8) IS 'exact sample covariance of pairs (y, x)';

CREATE AGGREGATE ivm_fdw.corr(float8, float8) (
	SFUNC = ivm_fdw.pairs_accum, STYPE = internal, SSPACE = 512, FINALFUNC = ivm_fdw.corr_final,
	COMBINEFUNC = ivm_fdw.exact_combine, SERIALFUNC = ivm_fdw.exact_serialize, DESERIALFUNC = ivm_fdw.exact_deserialize,
	MSFUNC = ivm_fdw.pairs_accum, MINVFUNC = ivm_fdw.pairs_remove, MSTYPE = internal, MSSPACE = 512,
	MFINALFUNC = ivm_fdw.corr_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ivm_fdw.corr(float8, float8) IS 'exact correlation coefficient of pairs (y, x)';

-- ---------------------------------------------------------------------
-- Verification and status
-- ---------------------------------------------------------------------

CREATE FUNCTION ivm_fdw_verify(view regclass, OUT side text, OUT "row" text, OUT copies bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ivm_fdw_verify' LANGUAGE C STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION ivm_fdw_verify(regclass) IS 'rows in which a view''s store and its query differ under one snapshot; none when right';

CREATE FUNCTION ivm_fdw.status(OUT view regclass, OUT state text, OUT reason text, OUT rows bigint,
	OUT pending_deltas bigint, OUT oldest_tag xid8, OUT bytes bigint, OUT last_build timestamptz,
	OUT last_build_duration interval, OUT settings text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ivm_fdw_status' LANGUAGE C STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION ivm_fdw.status() IS 'rows of the view ivm_fdw_status';

CREATE VIEW ivm_fdw_status AS
	SELECT view, state, reason, rows, pending_deltas, oldest_tag, bytes, last_build, last_build_duration, settings
	FROM ivm_fdw.status();
GRANT SELECT ON ivm_fdw_status TO PUBLIC;
COMMENT ON VIEW ivm_fdw_status IS 'state of each view: how it is answered now, why, its size, and its last build';
COMMENT ON COLUMN ivm_fdw_status.view IS 'the view';
COMMENT ON COLUMN ivm_fdw_status.state IS 'active: answered from the store; building: a build is due or running, reads run the query; live: reads run the query';
COMMENT ON COLUMN ivm_fdw_status.reason IS 'why reads run the query';
COMMENT ON COLUMN ivm_fdw_status.rows IS 'groups in the store, pending deltas not counted';
COMMENT ON COLUMN ivm_fdw_status.pending_deltas IS 'changes not yet folded into the rows';
COMMENT ON COLUMN ivm_fdw_status.oldest_tag IS 'oldest transaction that a pending delta comes from';
COMMENT ON COLUMN ivm_fdw_status.bytes IS 'approximate size in the store';
COMMENT ON COLUMN ivm_fdw_status.last_build IS 'when the last build ended';
COMMENT ON COLUMN ivm_fdw_status.last_build_duration IS 'how long the last build took';
COMMENT ON COLUMN ivm_fdw_status.settings IS 'settings pinned when the view was created';

-- ---------------------------------------------------------------------
-- Reads
-- ---------------------------------------------------------------------

CREATE FUNCTION ivm_fdw.session_reads(OUT store bigint, OUT live bigint)
RETURNS record
AS 'MODULE_PATHNAME', 'ivm_fdw_session_reads' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ivm_fdw.session_reads() IS 'how many scans of views this session has answered from the store, and live';

-- ---------------------------------------------------------------------
-- Protection of the definitions
-- ---------------------------------------------------------------------

-- The library writes without firing triggers.  Everything else (the rows of another
-- database, where a publication is FOR ALL TABLES) is left out silently.
CREATE FUNCTION ivm_fdw.ignore() RETURNS trigger
AS 'MODULE_PATHNAME', 'ivm_fdw_ignore' LANGUAGE C;
COMMENT ON FUNCTION ivm_fdw.ignore() IS 'row trigger on ivm_fdw.view: nobody but the library writes to it';
CREATE TRIGGER ignore BEFORE INSERT OR UPDATE OR DELETE ON ivm_fdw.view
	FOR EACH ROW EXECUTE FUNCTION ivm_fdw.ignore();
ALTER TABLE ivm_fdw.view ENABLE ALWAYS TRIGGER ignore;
COMMENT ON TRIGGER ignore ON ivm_fdw.view IS 'nobody but the library writes to it';

-- Capture triggers are installed by the library; a user's trigger that calls these would count twice.
REVOKE EXECUTE ON FUNCTION ivm_fdw.capture(), ivm_fdw.truncated(), ivm_fdw.ignore() FROM PUBLIC;
