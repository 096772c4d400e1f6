# Copies of the data directory, base backups, standbys, failover and back: a store that
# belongs to another course of events is never used.
use strict;
use warnings;
use lib 't';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::RecursiveCopy;
use PostgreSQL::Test::Utils;
use Test::More;
use Ivm;

my $primary = new_node('primary', allows_streaming => 1);
create_views($primary);
wait_active($primary, 'creation');

sub write_some
{
	my ($node, $tag) = @_;
	$node->safe_psql('postgres', <<SQL);
INSERT INTO sales (region, amount, t) SELECT i, i, '$tag' FROM generate_series(1, 25) i;
UPDATE sales SET region = region + 1 WHERE id % 97 = 0;
SQL
	return;
}

# A copy of a data directory as cp would make it.
sub copy_of
{
	my ($node, $name) = @_;
	$node->backup_fs_cold($name);
	my $copy = PostgreSQL::Test::Cluster->new($name);
	$copy->init_from_backup($node, $name);
	return $copy;
}

# Copied while running: like a crash.
write_some($primary, 'before the copy');
$primary->safe_psql('postgres', 'CHECKPOINT');
my $hot = copy_of($primary, 'hot');
$hot->start;
check_all($hot, 'copied while running');
$hot->stop;

# Copied while stopped: the same cluster, whose store fits ...
$primary->stop;
my $cold = copy_of($primary, 'cold');
my $cold_twice = copy_of($primary, 'cold_twice');
$cold->start;
views_from($cold, 'store', 'copied while stopped');
verify_clean($cold, 'copied while stopped');
write_some($cold, 'in the copy');
$cold->stop;
$primary->start;
views_from($primary, 'store', 'the original, restarted');
write_some($primary, 'in the original');

# ... but not where the store of one goes with the tables of another.
$primary->stop;
rename $primary->data_dir . '/ivm_fdw', $primary->data_dir . '/ivm_fdw.own';
PostgreSQL::Test::RecursiveCopy::copypath($cold->data_dir . '/ivm_fdw', $primary->data_dir . '/ivm_fdw');
$primary->start;
check_all($primary, 'with the store of a copy that went another way');
PostgreSQL::Test::Utils::system_or_bail('rm', '-rf', $primary->data_dir . '/ivm_fdw.own');

# A copy of the stopped cluster that starts with recovery.
$cold_twice->append_conf('postgresql.conf', "restore_command = 'false'");
$cold_twice->set_recovery_mode;
$cold_twice->start;
$cold_twice->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
check_all($cold_twice, 'a stopped copy put through recovery');
$cold_twice->stop;

# A base backup holds no store.
my $writers = start_writers($primary, seconds => 4);
$primary->backup('base');
wait_writers($writers);
my @stores = glob($primary->backup_dir . '/base/ivm_fdw/pgsql_tmp/*');
is("@stores", '', 'a base backup holds no store');
my $restored = PostgreSQL::Test::Cluster->new('restored');
$restored->init_from_backup($primary, 'base');
$restored->start;
check_all($restored, 'restored base backup');
write_some($restored, 'restored');
views_from($restored, 'store', 'restored base backup, after writes');
$restored->stop;

# A standby stores nothing, and answers live.
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
views_from($standby, 'live', 'standby');
like($standby->safe_psql('postgres', 'SELECT DISTINCT state, reason FROM ivm_fdw_status'),
	qr/^live\|.*recovery/, 'standby: status says why');
write_some($primary, 'replicated');
$primary->wait_for_catchup($standby);
views_from($standby, 'live', 'standby, after changes');
$standby->restart;
views_from($standby, 'live', 'standby, restarted');
is(join(' ', glob($standby->data_dir . '/ivm_fdw/pgsql_tmp/*')), '', 'a standby has no store');

# Promoted.
$primary->stop;
ok(-e $primary->data_dir . '/ivm_fdw/pgsql_tmp/clean', 'the old primary left a mark');
$standby->promote;
write_some($standby, 'promoted');
check_all($standby, 'promoted standby');
write_some($standby, 'promoted, built');
views_from($standby, 'store', 'promoted standby, after writes');
$standby->restart;
views_from($standby, 'store', 'promoted standby, restarted');

# The old primary follows the new one (it stopped cleanly, so nothing diverged), and takes over again.
$primary->enable_streaming($standby);
$primary->append_conf('postgresql.conf', "recovery_target_timeline = 'latest'");
$primary->start;
$standby->wait_for_catchup($primary);
views_from($primary, 'live', 'old primary as standby');
is(join(' ', glob($primary->data_dir . '/ivm_fdw/pgsql_tmp/*')), '', 'old primary as standby: its store is gone');
write_some($standby, 'to go back');
$standby->wait_for_catchup($primary);
$standby->stop;
$primary->promote;
check_all($primary, 'failed back');
write_some($primary, 'failed back');
verify_clean($primary, 'failed back, after writes');

# pg_rewind of a server that went on by itself.
$standby->start;    # nobody told it that it is no longer the primary
write_some($standby, 'diverged');
check_all($standby, 'diverged');
$standby->stop;
$primary->safe_psql('postgres', 'CHECKPOINT');
command_ok(
	[
		'pg_rewind', '--target-pgdata', $standby->data_dir,
		'--source-server', $primary->connstr('postgres'), '--no-sync'
	],
	'pg_rewind');
my $standby_port = $standby->port;
my $standby_host = $standby->host;
$standby->append_conf('postgresql.conf', "port = $standby_port\nunix_socket_directories = '$standby_host'");
$standby->enable_streaming($primary);
$standby->start;
$primary->wait_for_catchup($standby);
views_from($standby, 'live', 'rewound');
$primary->stop;
$standby->promote;
check_all($standby, 'rewound and promoted');

$standby->stop;
done_testing();
