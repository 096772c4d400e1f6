-- A store of its own for each database: what another one's transactions do is nothing to it.
CREATE TABLE t (g int);
CALL make_view('v', 'SELECT g, count(*) AS n FROM t GROUP BY g');
SELECT current_database() AS here \gset
BEGIN;
INSERT INTO t VALUES (1);
PREPARE TRANSACTION 'elsewhere';

CREATE DATABASE regression_ivm_other TEMPLATE template0;
\c regression_ivm_other
SET client_min_messages = warning;
CREATE EXTENSION ivm_fdw;
RESET client_min_messages;
CREATE TABLE t (g int);
INSERT INTO t VALUES (2);
CREATE FOREIGN TABLE v (g int, n bigint) SERVER ivm OPTIONS (query 'SELECT g, count(*) FROM t GROUP BY g');
SELECT ivm_fdw_rebuild('v');
SELECT * FROM v;
SELECT store > 0 AS from_the_store FROM ivm_fdw.session_reads();

\c :here
SELECT * FROM v;
COMMIT PREPARED 'elsewhere';
SELECT * FROM v;
SELECT same('v');
DROP DATABASE regression_ivm_other WITH (FORCE);
DROP TABLE t CASCADE;
