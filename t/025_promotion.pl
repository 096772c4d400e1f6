# A transaction that began on a standby goes on reading after its promotion.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use OneView;
use PostgreSQL::Test::Cluster;
use Test::More;

my $query = 'SELECT g, count(*), sum(x) FROM t GROUP BY g';
my $primary = ivm_node('main', allows_streaming => 1);
$primary->safe_psql('postgres', 'CREATE TABLE t (g int, x int);
INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) i;
CREATE FOREIGN TABLE v (g int, n bigint, s bigint) SERVER ivm OPTIONS (query $q$' . $query . '$q$)');
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

my $old = $standby->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $rows = "0|3|18\n1|3|12\n2|3|15";
is($old->query_safe('SELECT * FROM v ORDER BY g'), $rows, 'on the standby');
$primary->stop;
$standby->promote;
$standby->safe_psql('postgres', 'INSERT INTO t VALUES (1, 1000); DELETE FROM t WHERE g = 2');
is($old->query_safe('SELECT * FROM v ORDER BY g'), $rows, 'after the promotion');
wait_until_active($standby, 'v');
is($old->query_safe('SELECT * FROM v ORDER BY g'), $rows, 'beside a store');
$old->query_safe('COMMIT');
is($old->query_safe('SELECT * FROM v ORDER BY g'), "0|3|18\n1|4|1012", 'in a new transaction');
$old->quit;
is_same($standby, 'v', $query, 'in the end');
$standby->stop;
done_testing;
