# pg_upgrade: the new cluster's views are right at once, and built anew.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use OneView;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Ivm;

my $query = 'SELECT g, count(*), sum(y) FROM t GROUP BY g';
my $old = ivm_node('old');
$old->safe_psql('postgres', <<"SQL");
CREATE TABLE t (id int PRIMARY KEY, gone text, g int, y numeric) PARTITION BY HASH (id);
CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE t DROP COLUMN gone;
INSERT INTO t SELECT i, i % 5, i / 4.0 FROM generate_series(1, 100) i;
SET TimeZone = 'Asia/Kolkata';
CREATE FOREIGN TABLE v (g int, n bigint, s numeric) SERVER ivm OPTIONS (query '$query');
SQL
wait_until_active($old, 'v');
my $pinned = $old->safe_psql('postgres', "SELECT settings FROM ivm_fdw_status");
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
Ivm::configure($new);
my $bindir = $new->config_data('--bindir');
chdir ${PostgreSQL::Test::Utils::tmp_check};
command_ok(
	[
		'pg_upgrade', '--no-sync',
		'-d', $old->data_dir, '-D', $new->data_dir, '-b', $bindir, '-B', $bindir,
		'-s', $new->host, '-p', $old->port, '-P', $new->port
	],
	'pg_upgrade');
is(join(' ', glob($new->data_dir . '/ivm_fdw/pgsql_tmp/*')), '', 'the upgraded cluster has no store');

$new->start;
is_same($new, 'v', $query, 'right at once');
$new->safe_psql('postgres', 'INSERT INTO t SELECT i, i % 7, i FROM generate_series(101, 120) i; DELETE FROM t WHERE id % 10 = 0');
is_same($new, 'v', $query, 'right after writes');
wait_until_active($new, 'v', 'built by the custodian');
$new->safe_psql('postgres', 'UPDATE t SET g = g + 1 WHERE id % 2 = 0');
is_same($new, 'v', $query, 'right after writes from the store');
is($new->safe_psql('postgres', "SELECT count(*) FROM ivm_fdw_verify('v')"), '0', 'verified');
is($new->safe_psql('postgres', "SELECT settings FROM ivm_fdw_status"), $pinned, 'its settings are those of its creation');

$new->stop;
done_testing;
