# Exported snapshots: whoever imports one sees what its exporter sees.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use OneView;
use PostgreSQL::Test::Cluster;
use Test::More;

my $query = 'SELECT g, count(*), sum(x) FROM t GROUP BY g';
my $node = ivm_node('main');
$node->safe_psql('postgres', 'CREATE TABLE t (g int, x int);
INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) i;
CREATE FOREIGN TABLE v (g int, n bigint, s bigint) SERVER ivm OPTIONS (query $q$' . $query . '$q$)');
wait_until_active($node, 'v');

my $exporter = $node->background_psql('postgres');
$exporter->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $snapshot = $exporter->query_safe('SELECT pg_export_snapshot()');
$node->safe_psql('postgres', 'INSERT INTO t VALUES (1, 1000); DELETE FROM t WHERE g = 2');
for my $how ('', 'SELECT ivm_fdw_rebuild(\'v\')', 'SELECT pg_sleep(0.5)')
{
	$node->safe_psql('postgres', $how);
	is($node->safe_psql('postgres', "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '$snapshot'; SELECT * FROM v ORDER BY g; COMMIT"),
		"0|3|18\n1|3|12\n2|3|15", "imported snapshot, after '$how'");
	is($exporter->query_safe('SELECT * FROM v ORDER BY g'), "0|3|18\n1|3|12\n2|3|15", "exporting transaction, after '$how'");
	is($node->safe_psql('postgres', 'SELECT * FROM v ORDER BY g'), "0|3|18\n1|4|1012", "others, after '$how'");
}
$exporter->query_safe('COMMIT');
$exporter->quit;
is_same($node, 'v', $query, 'in the end');
$node->stop;
done_testing;
