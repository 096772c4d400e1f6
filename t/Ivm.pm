# Ivm.pm: what the TAP tests share: a node with views under load, and the two
# questions asked of it: do the views equal their queries, and who answered?
package Ivm;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT = qw(configure new_node create_views @views views_right views_from
  views_active wait_active verify_clean store_inode store_path start_writers
  wait_writers kill_and_restart_postmaster wait_alive check_all);

our @views = qw(by_region by_text total filtered);

# Settings every node of ours needs.
sub configure
{
	my ($node) = @_;
	$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'ivm_fdw'
max_prepared_transactions = 10
restart_after_crash = on
wal_log_hints = on
lock_timeout = 60s
log_statement = none
ivm_fdw.map_size = '64MB'
ivm_fdw.custodian_naptime = '50ms'
CONF
	return;
}

sub new_node
{
	my ($name, %init) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(%init);
	configure($node);
	$node->start;
	return $node;
}

# A table with rows, and views of several kinds over it.
sub create_views
{
	my ($node, $db) = @_;
	$node->safe_psql($db // 'postgres', <<'SQL');
CREATE EXTENSION ivm_fdw;
CREATE TABLE sales (id serial PRIMARY KEY, region int, amount numeric, f float8, t text);
INSERT INTO sales (region, amount, f, t)
	SELECT i % 20, i * 0.25, sqrt(i), CASE WHEN i % 7 = 0 THEN NULL ELSE repeat('x', i % 5) END
	FROM generate_series(1, 2000) i;
CREATE FOREIGN TABLE by_region (region int, n bigint, total numeric, f float8) SERVER ivm
	OPTIONS (query 'SELECT region, count(*), sum(amount), sum(f) FROM sales GROUP BY region');
CREATE FOREIGN TABLE by_text (t text, n bigint, a numeric) SERVER ivm
	OPTIONS (query 'SELECT t, count(amount), avg(amount) FROM sales GROUP BY t');
CREATE FOREIGN TABLE total (n bigint, total numeric) SERVER ivm
	OPTIONS (query 'SELECT count(*), sum(amount) FROM sales');
CREATE FOREIGN TABLE filtered (region int, n bigint) SERVER ivm
	OPTIONS (query 'SELECT region, count(*) FILTER (WHERE amount > 100) FROM sales WHERE id % 3 = 0 GROUP BY region HAVING count(*) > 10');

-- Compares a view with what it is kept from, in one statement.
CREATE FUNCTION compare(view regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	query text;
	differences bigint;
	before record;
	after record;
BEGIN
	SELECT option_value INTO STRICT query FROM pg_foreign_table, pg_options_to_table(ftoptions)
		WHERE ftrelid = view AND option_name = 'query';
	-- the same sums of floats as the view's: exact
	query := replace(query, 'sum(f)', 'ivm_fdw.sum(f)');
	SELECT * INTO before FROM ivm_fdw.session_reads();
	EXECUTE format('WITH v AS MATERIALIZED (SELECT v::text FROM %s v), q AS MATERIALIZED (SELECT q::text FROM (%s) q)
		SELECT count(*) FROM ((TABLE v EXCEPT ALL TABLE q) UNION ALL (TABLE q EXCEPT ALL TABLE v)) d', view, query)
		INTO differences;
	SELECT * INTO after FROM ivm_fdw.session_reads();
	RETURN CASE WHEN differences = 0 THEN 'right' ELSE differences || ' differences' END || ', ' ||
		CASE WHEN after.live > before.live THEN 'live' WHEN after.store > before.store THEN 'store' ELSE 'nothing read' END;
END $$;
SQL
	return;
}

# Each view compared: list of "view: right, store" and the like.
sub compare_views
{
	my ($node, $db) = @_;
	return split /\n/, $node->safe_psql($db // 'postgres',
		join('', map { "SELECT '$_: ' || compare('$_');\n" } @views));
}

# The views equal their queries, whoever answers.
sub views_right
{
	my ($node, $what, $db) = @_;
	my @wrong = grep { !/: right, / } compare_views($node, $db);
	is("@wrong", '', "$what: every view equals its query");
	return;
}

# The views equal their queries, and this one answered: store or live.
sub views_from
{
	my ($node, $source, $what, $db) = @_;
	is(join("\n", compare_views($node, $db)),
		join("\n", map { "$_: right, $source" } @views),
		"$what: every view right, from $source");
	return;
}

sub wait_active
{
	my ($node, $what, $db) = @_;
	my $ok = $node->poll_query_until($db // 'postgres',
		"SELECT count(*) > 0 AND bool_and(state = 'active') FROM ivm_fdw_status");
	ok($ok, "$what: the custodian has built the views")
	  or diag($node->safe_psql($db // 'postgres', 'TABLE ivm_fdw_status'));
	return;
}

sub verify_clean
{
	my ($node, $what, $db) = @_;
	is($node->safe_psql($db // 'postgres',
			join('', map { "SELECT '$_', * FROM ivm_fdw_verify('$_');\n" } @views)),
		'', "$what: ivm_fdw_verify finds no difference");
	return;
}

# After something that removes the store: right at once, and soon from the store.
sub check_all
{
	my ($node, $what, $db) = @_;
	views_right($node, "$what, at once", $db);
	wait_active($node, $what, $db);
	views_from($node, 'store', "$what, rebuilt", $db);
	verify_clean($node, $what, $db);
	return;
}

sub store_path
{
	my ($node, $db) = @_;
	$db //= 'postgres';
	my $oid = $node->safe_psql('postgres', "SELECT oid FROM pg_database WHERE datname = '$db'");
	return $node->data_dir . "/ivm_fdw/pgsql_tmp/$oid";
}

# Tells one store from the next.
sub store_inode
{
	my ($path) = @_;
	my @stat = stat("$path/data.mdb");
	return @stat ? $stat[1] : undef;
}

# Rows up to 20 are left to the tests' own transactions.
my $script = <<'PGBENCH';
\set r random(1, 20)
\set i random(21, 2000)
\set kind random(1, 6)
SET synchronous_commit = :sync;
BEGIN;
\if :kind < 4
INSERT INTO sales (region, amount, f, t) VALUES (:r, :i * 0.125, :i / 3.0, repeat('x', :r));
UPDATE sales SET region = :r WHERE id = :i;
\elif :kind = 4
SAVEPOINT a;
UPDATE sales SET amount = amount + 1, f = f / 7 WHERE id = :i;
ROLLBACK TO a;
DELETE FROM sales WHERE id = :i;
\else
UPDATE sales SET t = repeat('y', :r), f = f * 1.1 WHERE id = :i;
\endif
\if :kind = 6
ROLLBACK;
\else
COMMIT;
\endif
PGBENCH

# Writers in the background; returns a handle for wait_writers.
sub start_writers
{
	my ($node, %opt) = @_;
	my $sync = $opt{sync} // 'on';
	my $file = $node->basedir . '/writers.sql';
	PostgreSQL::Test::Utils::append_to_file($file, $script) unless -e $file;
	my ($out, $err) = ('', '');
	local $ENV{PGAPPNAME} = 'pgbench';
	my $handle = IPC::Run::start(
		[
			'pgbench', '-n', '-c', 3, '-j', 1, '-T', $opt{seconds} // 300, '-D', "sync=$sync",
			'-f', $file, $node->connstr($opt{db} // 'postgres')
		],
		'>', \$out, '2>', \$err);
	usleep(1_500_000);
	return $handle;
}

# Wait for writers that end by themselves, their server being gone.
sub wait_writers
{
	my ($handle) = @_;
	$handle->finish;
	return;
}

# Wait until the server lets us in again.
sub wait_alive
{
	my ($node, $what) = @_;
	for (1 .. 600)
	{
		my ($rc) = $node->psql('postgres', 'SELECT 1', timeout => 30);
		if ($rc == 0) { pass("$what: the server is up again"); return; }
		usleep(100_000);
	}
	BAIL_OUT("$what: the server does not come up again");
}

# kill -9 the postmaster, and start anew when its children have noticed.
sub kill_and_restart_postmaster
{
	my ($node) = @_;
	$node->kill9;
	for (1 .. 100)
	{
		usleep(300_000);
		return if $node->start(fail_ok => 1);
		$node->{_pid} = undef;    # what it saw is the dead one's file
	}
	BAIL_OUT('the server does not start after kill -9');
}

1;
