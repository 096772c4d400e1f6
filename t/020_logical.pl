# Logical replication: a view over a published table, and one over the subscriber's.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use OneView;
use PostgreSQL::Test::Cluster;
use Test::More;

my $query = 'SELECT g, count(*), sum(x) FROM t GROUP BY g';
my $ddl = 'CREATE TABLE t (id int PRIMARY KEY, g int, x numeric);
CREATE FOREIGN TABLE v (g int, n bigint, s numeric) SERVER ivm OPTIONS (query $q$' . $query . '$q$)';

my $publisher = ivm_node('publisher', allows_streaming => 'logical');
my $subscriber = ivm_node('subscriber', allows_streaming => 'logical');
$_->safe_psql('postgres', $ddl) for $publisher, $subscriber;
$publisher->safe_psql('postgres', 'INSERT INTO t SELECT i, i % 5, i / 4.0 FROM generate_series(1, 100) i');
wait_until_active($_, 'v') for $publisher, $subscriber;

my $conn = $publisher->connstr . ' dbname=postgres';
$publisher->safe_psql('postgres', 'CREATE PUBLICATION p FOR ALL TABLES');
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '$conn' PUBLICATION p");
$subscriber->wait_for_subscription_sync($publisher, 's') if $subscriber->can('wait_for_subscription_sync');
$subscriber->poll_query_until('postgres', 'SELECT count(*) = 100 FROM t');

sub both
{
	my ($name) = @_;
	$publisher->wait_for_catchup('s');
	is_same($publisher, 'v', $query, "publisher: $name");
	is_same($subscriber, 'v', $query, "subscriber: $name");
	is($subscriber->safe_psql('postgres', 'SELECT * FROM v ORDER BY g'),
		$publisher->safe_psql('postgres', 'SELECT * FROM v ORDER BY g'), "one like the other: $name");
	return;
}

both('initial copy');
$publisher->safe_psql('postgres', 'INSERT INTO t SELECT i, i % 7, i FROM generate_series(101, 200) i');
both('insert');
$publisher->safe_psql('postgres', 'UPDATE t SET g = g + 1 WHERE id % 3 = 0; DELETE FROM t WHERE id % 10 = 0; UPDATE t SET id = id + 1000 WHERE id < 5');
both('update and delete');
$publisher->safe_psql('postgres', 'BEGIN; INSERT INTO t VALUES (5000, 1, 1); SAVEPOINT a; DELETE FROM t WHERE g = 2; ROLLBACK TO a; DELETE FROM t WHERE g = 3; COMMIT');
both('savepoint');
$subscriber->safe_psql('postgres', 'INSERT INTO t VALUES (100000, 1, 1)');
is_same($subscriber, 'v', $query, 'a write of the subscriber itself');
$subscriber->safe_psql('postgres', 'DELETE FROM t WHERE id = 100000');
wait_until_active($subscriber, 'v', 'the subscriber answers from the store');
$publisher->safe_psql('postgres', 'TRUNCATE t');
both('truncate');
$publisher->safe_psql('postgres', 'INSERT INTO t SELECT i, i % 5, i FROM generate_series(1, 10) i');
both('insert after truncate');
wait_until_active($_, 'v') for $publisher, $subscriber;

$subscriber->stop;
$publisher->stop;
done_testing;
