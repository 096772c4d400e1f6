# A clean shutdown keeps the store, so that reads come from it at once; any other end does not.
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

my $path = store_path($node);
my $mark = $node->data_dir . '/ivm_fdw/pgsql_tmp/clean';

# With the custodian at rest, what is read comes from what was kept.
$node->append_conf('postgresql.conf', "ivm_fdw.custodian_naptime = '50ms'");

for my $round (1 .. 2)
{
	my $before = store_inode($path);
	my $writers = start_writers($node);
	my $idle = $node->background_psql('postgres', on_error_stop => 0);
	$idle->query("BEGIN; INSERT INTO sales (region, amount, t) VALUES (1, 77, 'never committed')");
	$node->stop('fast');
	ok(-e $mark, "fast shutdown with writers, round $round: marked clean");
	wait_writers($writers);
	eval { $idle->quit; };
	$node->start;
	ok(!-e $mark, "round $round: the mark is consumed");
	is(store_inode($path), $before, "round $round: the store is the same");
	views_from($node, 'store', "fast shutdown, round $round");
	verify_clean($node, "fast shutdown, round $round");
}

my $before = store_inode($path);
$node->restart;
is(store_inode($path), $before, 'a restart without writers keeps the store');
$node->stop('smart');
$node->start;
is(store_inode($path), $before, 'smart shutdown keeps the store');
views_from($node, 'store', 'smart shutdown');

# Changes between a restart and the next are in the store like others.
$node->safe_psql('postgres', "INSERT INTO sales (region, amount, t) SELECT 5, i, 'late' FROM generate_series(1, 10) i");
$node->restart;
views_from($node, 'store', 'changes before a restart');

# Every other end removes it.
$node->stop('immediate');
ok(!-e $mark, 'immediate shutdown: no mark');
$node->start;
like(slurp_file($node->logfile), qr/ivm_fdw: removed the stores of all views/, 'the removal is told in the log');
check_all($node, 'immediate shutdown');

# A server that ran without the library: the mark is of yesterday.
$node->stop;
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->start;
views_from($node, 'live', 'without the library');
my ($rc, $out, $err) = $node->psql('postgres', 'INSERT INTO sales (region) VALUES (1)');
isnt($rc, 0, 'without the library a base table cannot be written to');
like($err, qr/ivm_fdw is not preloaded.*shared_preload_libraries/s, 'and the message says why, and what to do');
$node->safe_psql('postgres', 'CREATE TABLE other AS SELECT 1 AS i');
$node->stop;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'ivm_fdw'");
$node->start;
check_all($node, 'a run without the library');

# A standalone backend changes tables without maintaining anything.
$node->stop;
run_log(['postgres', '--single', '-D', $node->data_dir, 'postgres'], '<',
	\"CREATE TABLE standalone AS SELECT 1 AS i\n");
$node->start;
check_all($node, 'a standalone backend');

# Another file system error: the store cannot be removed.
SKIP:
{
	skip 'root removes anything', 3 if $> == 0;
	my $inside = "$path/keep";
	mkdir $inside;
	append_to_file("$inside/file", 'x');
	chmod 0500, $inside;
	$node->stop('immediate');
	$node->start;
	views_from($node, 'live', 'a store that cannot be removed');
	like($node->safe_psql('postgres', 'SELECT state, reason FROM ivm_fdw_status LIMIT 1'),
		qr/^live\|/, 'status says so');
	chmod 0700, $inside;
	$node->restart;
	check_all($node, 'removed at last');
}

$node->stop;
done_testing();
