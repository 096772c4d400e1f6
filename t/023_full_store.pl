# A store that is full, or cannot be made: writers get an error, nothing is lost, and what the failed
# transactions left is removed without anybody's doing.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use OneView;
use PostgreSQL::Test::Cluster;
use Test::More;

my $query = 'SELECT g, count(*) FROM t GROUP BY g';
my $node = ivm_node('main');
$node->append_conf('postgresql.conf', "ivm_fdw.map_size = '16MB'");
$node->restart;
$node->safe_psql('postgres', 'CREATE TABLE t (g int);
INSERT INTO t SELECT i % 10 FROM generate_series(1, 100) i;
CREATE FOREIGN TABLE v (g int, n bigint) SERVER ivm OPTIONS (query $q$' . $query . '$q$)');
wait_until_active($node, 'v');

for my $round (1 .. 3)
{
	my ($rc, $out, $err) = $node->psql('postgres', 'INSERT INTO t SELECT i FROM generate_series(1, 200000) i');
	isnt($rc, 0, "more groups than fit, round $round: refused");
	like($err, qr/store of .* is full.*HINT:  Increase ivm_fdw\.map_size/s, 'the message says what to do');
	is_same($node, 'v', $query, 'nothing has changed');
	ok($node->poll_query_until('postgres', 'SELECT pending_deltas = 0 FROM ivm_fdw_status'),
		'what the failed transaction left is removed');
	$node->safe_psql('postgres', "INSERT INTO t VALUES ($round)");
	is_same($node, 'v', $query, 'others write on');
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM v'), '10', 'the groups are those from before');
wait_until_active($node, 'v', 'it is still active');
is($node->safe_psql('postgres', "SELECT count(*) FROM ivm_fdw_verify('v')"), '0', 'and verified');

# Where no store can be made, reads are live; writers are told.
SKIP:
{
	skip 'root makes anything', 5 if $> == 0;
	my $dir = $node->data_dir . '/ivm_fdw/pgsql_tmp';
	$node->safe_psql('postgres', 'CREATE DATABASE roomless');
	chmod 0500, $dir;
	$node->safe_psql('roomless', 'CREATE EXTENSION ivm_fdw;
CREATE TABLE t (g int);
INSERT INTO t SELECT i % 10 FROM generate_series(1, 100) i;
CREATE FOREIGN TABLE v (g int, n bigint) SERVER ivm OPTIONS (query $q$' . $query . '$q$)');
	is_same($node, 'v', $query, 'no store can be made: a read is right', 'roomless');
	my ($rc, $out, $err) = $node->psql('roomless', 'INSERT INTO t VALUES (1)');
	like($err, qr/ERROR:.*could not create directory/, 'a writer is told why');
	is_same($node, 'v', $query, 'and nothing has changed', 'roomless');
	chmod 0700, $dir;
	wait_until_active($node, 'v', 'built when there is room', 'roomless');
	$node->safe_psql('roomless', 'INSERT INTO t VALUES (1)');
	is_same($node, 'v', $query, 'and kept up to date', 'roomless');
}

$node->stop;
done_testing;
