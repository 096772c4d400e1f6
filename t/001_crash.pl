# Crashes: of single backends, of the custodian, of the postmaster; during writes with
# synchronous_commit on and off, with prepared transactions open across them.
# After each, every view is right at once, and from the store as soon as it is rebuilt.
use strict;
use warnings;
use lib 't';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Ivm;

my $node = new_node('main');
create_views($node);
wait_active($node, 'creation');
views_from($node, 'store', 'creation');
verify_clean($node, 'creation');

sub pid_of
{
	my ($condition) = @_;
	return $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND $condition LIMIT 1");
}

# Crash by kill -9 of a process while writers write, a prepared transaction being open.
sub crash
{
	my ($what, $sync, $kill) = @_;
	my $gid = $what =~ s/\W+/_/gr;
	$node->safe_psql('postgres', <<SQL);
BEGIN;
INSERT INTO sales (region, amount, t) SELECT i, 1000, 'prepared' FROM generate_series(1, 30) i;
DELETE FROM sales WHERE id = (SELECT min(id) FROM sales WHERE id <= 20);
PREPARE TRANSACTION '$gid';
SQL
	my $writers = start_writers($node, sync => $sync);
	$kill->();
	wait_writers($writers);
	wait_alive($node, $what);
	views_right($node, "$what, at once");

	# The store was born while the prepared transaction ran: live until it ends.
	$node->safe_psql('postgres', "COMMIT PREPARED '$gid'");
	check_all($node, $what);
	return;
}

for my $sync ('on', 'off')
{
	crash("backend killed, synchronous_commit $sync", $sync,
		sub { kill 9, pid_of("application_name = 'pgbench'"); });
	crash("postmaster killed, synchronous_commit $sync", $sync,
		sub { kill_and_restart_postmaster($node); });
	crash("immediate shutdown, synchronous_commit $sync", $sync,
		sub { $node->stop('immediate'); $node->start; });
}
crash('launcher killed', 'off', sub { kill 9, pid_of("backend_type = 'ivm_fdw custodian launcher'"); });

# Killed while a build runs, in a session and in the custodian.
$node->safe_psql('postgres', 'INSERT INTO sales (region, amount, t) SELECT i % 500, i, i FROM generate_series(1, 30000) i');
my $builder = $node->background_psql('postgres', on_error_stop => 0);
$builder->query_until(qr/begun/, "\\echo begun\nSELECT ivm_fdw_rebuild() FROM generate_series(1, 100);\n");
select(undef, undef, undef, 0.7);
kill 9, pid_of("query LIKE '%ivm_fdw_rebuild()%'");
eval { $builder->quit; };
wait_alive($node, 'killed while building');
check_all($node, 'killed while building');

# Crash after crash, before the views are built again.
for (1 .. 3)
{
	$node->stop('immediate');
	$node->start;
}
check_all($node, 'several crashes in a row');

# Transaction ids lost in a crash are given out again; their deltas must not come back.
$node->safe_psql('postgres', 'ALTER SYSTEM SET wal_writer_delay = 10000');
$node->reload;
for my $round (1 .. 3)
{
	$node->safe_psql('postgres', "SET synchronous_commit = off; INSERT INTO sales (region, amount) VALUES ($_, 1e6)")
	  for (1 .. 10);
	$node->stop('immediate');
	$node->start;
	$node->safe_psql('postgres', "INSERT INTO sales (region, amount) VALUES ($_, 1)") for (1 .. 10);
	views_right($node, "lost commits, round $round, at once");
}
check_all($node, 'lost commits');

$node->stop;
done_testing();
