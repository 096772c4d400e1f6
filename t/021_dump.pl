# pg_dump and restore, and CREATE DATABASE ... TEMPLATE: the copy's views are right at
# once, and answered from a store of their own soon.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use OneView;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $query = 'SELECT "Group", count(*), sum(x) FROM "the schema".t GROUP BY "Group"';
my $node = ivm_node('main');
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA "the schema";
CREATE FUNCTION "the schema".parity(int) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT CASE $1 % 2 WHEN 0 THEN 'even' ELSE 'odd' END$$;
SET search_path = "the schema", public;
CREATE TABLE t (id int PRIMARY KEY, "Group" int, x numeric, note text);
INSERT INTO t SELECT i, i % 5, i / 4.0 FROM generate_series(1, 100) i;
CREATE TABLE parts (id int, x int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT i, i FROM generate_series(1, 200) i;
CREATE FOREIGN TABLE v ("Group" int, n bigint, s numeric) SERVER ivm OPTIONS (query 'SELECT "Group", count(*), sum(x) FROM t GROUP BY "Group"');
CREATE FOREIGN TABLE by_parity (parity text, n bigint) SERVER ivm OPTIONS (query 'SELECT parity(id), count(*) FROM parts GROUP BY parity(id)');
-- settings at creation are the view's: five hours and a half from UTC
CREATE TABLE moments (at timestamptz);
INSERT INTO moments VALUES ('2024-01-01 18:00+00'), ('2024-01-01 19:00+00'), ('2024-01-02 02:00+00');
SET TimeZone = 'Asia/Kolkata';
CREATE FOREIGN TABLE by_day (day text, n bigint) SERVER ivm OPTIONS (query 'SELECT date_trunc(''day'', at)::date::text, count(*) FROM moments GROUP BY 1');
RESET TimeZone;
COMMENT ON FOREIGN TABLE v IS 'a view';
CREATE ROLE reader;
GRANT SELECT ON v TO reader;
SQL
$node->safe_psql('postgres', "SET TimeZone = 'Asia/Kolkata'; INSERT INTO \"the schema\".t VALUES (1000, 7, 7)");

sub check_copy
{
	my ($db, $how) = @_;
	my $parity = 'SELECT "the schema".parity(id), count(*) FROM "the schema".parts GROUP BY 1';
	is_same($node, '"the schema".v', $query, "$how: right at once", $db);
	is_same($node, '"the schema".by_parity', $parity, "$how: the partitioned one too", $db);
	$node->safe_psql($db, 'UPDATE "the schema".t SET "Group" = 8 WHERE id < 10; UPDATE "the schema".parts SET id = id + 1 WHERE id > 90');
	is_same($node, '"the schema".v', $query, "$how: right after a write", $db);
	is_same($node, '"the schema".by_parity', $parity, "$how: the partitioned one too", $db);
	wait_until_active($node, '"the schema".v', "$how: active", $db);
	wait_until_active($node, '"the schema".by_parity', "$how: active", $db);
	$node->safe_psql($db, 'INSERT INTO "the schema".t VALUES (2000, 8, 1.125); DELETE FROM "the schema".parts WHERE x % 7 = 0');
	is_same($node, '"the schema".v', $query, "$how: right after writes from the store", $db);
	is_same($node, '"the schema".by_parity', $parity, "$how: the partitioned one too", $db);
	is($node->safe_psql($db, 'SELECT count(*) FROM ivm_fdw_verify(\'"the schema".v\')'), '0', "$how: verified");
	my $days = 'SET TimeZone = \'America/New_York\'; SELECT day, n FROM "the schema".by_day ORDER BY 1';
	is($node->safe_psql($db, $days), "2024-01-01|1\n2024-01-02|2", "$how: days of the zone at creation");
	wait_until_active($node, '"the schema".by_day', "$how: active", $db);
	$node->safe_psql($db, 'SET TimeZone = \'America/New_York\'; INSERT INTO "the schema".moments VALUES (\'2024-01-02 19:00+00\')');
	is($node->safe_psql($db, $days), "2024-01-01|1\n2024-01-02|2\n2024-01-03|1", "$how: and from the store");
	return;
}

my $dir = PostgreSQL::Test::Utils::tempdir;
$node->command_ok([ 'pg_dump', '-f', "$dir/plain.sql", 'postgres' ], 'pg_dump');
my $dump = slurp_file("$dir/plain.sql");
unlike($dump, qr/ivm_fdw_capture|ivm_fdw\.view\b/, 'nothing of the extension\'s own is in the dump');
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'plain', '-f', "$dir/plain.sql" ], 'restored by psql');
check_copy('plain', 'plain dump');

$node->command_ok([ 'pg_dump', '-Fd', '-f', "$dir/dir", 'postgres' ], 'pg_dump as a directory');
$node->safe_psql('postgres', 'CREATE DATABASE parallel');
$node->command_ok([ 'pg_restore', '-j2', '--exit-on-error', '-d', 'parallel', "$dir/dir" ], 'restored in parallel');
check_copy('parallel', 'parallel restore');

$node->command_ok([ 'pg_dump', '--data-only', '--disable-triggers', '-f', "$dir/data.sql", 'postgres' ], 'pg_dump of the data');
$node->command_ok([ 'pg_dump', '--schema-only', '-f', "$dir/schema.sql", 'postgres' ], 'pg_dump of the schema');
$node->safe_psql('postgres', 'CREATE DATABASE split');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'split', '-f', "$dir/schema.sql" ], 'schema restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'split', '-f', "$dir/data.sql" ], 'data restored with triggers disabled');
check_copy('split', 'schema, then data');

# the custodian must not be in the way of these
$node->safe_psql('template1', 'CREATE DATABASE copied TEMPLATE postgres');
check_copy('copied', 'template');
$node->safe_psql('template1', "DROP DATABASE $_") for qw(plain parallel split copied);
is_same($node, '"the schema".v', $query, 'the original is as it was');

# the dump of a dump is the same
$node->command_ok([ 'pg_dump', '-f', "$dir/again.sql", 'postgres' ], 'pg_dump again');
# (newer versions of pg_dump write a random key with \\restrict)
my ($before, $again) = map { s/^\\(?:un)?restrict.*$//mgr } $dump, slurp_file("$dir/again.sql");
is($again, $before, 'a dump does not depend on the copies');

# dropping the extension takes everything along
$node->safe_psql('postgres', 'DROP EXTENSION ivm_fdw CASCADE');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_trigger WHERE tgname ~ 'ivm_fdw'"), '0', 'no triggers left after DROP EXTENSION');
$node->safe_psql('postgres', 'INSERT INTO "the schema".t VALUES (3000, 1, 1)');
$node->safe_psql('postgres', 'CREATE EXTENSION ivm_fdw');

$node->stop;
done_testing;
