# The custodian: builds, folds, cleans up, and stands in nobody's way.
use strict;
use warnings;
use lib 't';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Ivm;

my $node = new_node('main');

sub took
{
	my ($what, $limit, $code) = @_;
	my $start = time;
	$code->();
	my $seconds = time - $start;
	cmp_ok($seconds, '<', $limit, sprintf('%s took %.1f s', $what, $seconds));
	return;
}

create_views($node);
wait_active($node, 'creation');

# Deltas are folded, by a worker that holds no snapshot while it naps.
$node->safe_psql('postgres', "INSERT INTO sales (region, amount) VALUES ($_ % 3, $_)") for (1 .. 50);
ok($node->poll_query_until('postgres', 'SELECT sum(pending_deltas) = 0 FROM ivm_fdw_status'), 'deltas are folded');
views_from($node, 'store', 'folded');
verify_clean($node, 'folded');
ok($node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'ivm_fdw custodian'"),
	'the worker leaves when there is nothing to do');

# Pending deltas wait for an old snapshot, and it goes on reading what it did.
my $old = $node->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $seen = $old->query_safe('SELECT * FROM total');
$node->safe_psql('postgres', "INSERT INTO sales (region, amount) VALUES (1, $_)") for (1 .. 5);
select(undef, undef, undef, 0.5);
is($old->query_safe('SELECT * FROM total'), $seen, 'an old snapshot reads what it read');
cmp_ok($node->safe_psql('postgres', 'SELECT sum(pending_deltas) FROM ivm_fdw_status'), '>', 0,
	'what it does not see is not folded');
isnt($node->safe_psql('postgres', "SELECT min(oldest_tag::text::bigint) FROM ivm_fdw_status"), '', 'status tells the oldest tag');
$old->query_safe('COMMIT');
$old->quit;
ok($node->poll_query_until('postgres', 'SELECT sum(pending_deltas) = 0 FROM ivm_fdw_status'),
	'folded when the old snapshot has gone');

# DROP DATABASE and CREATE DATABASE ... TEMPLATE, in the midst of its work.
for my $round (1 .. 3)
{
	$node->safe_psql('postgres', "CREATE DATABASE source$round");
	create_views($node, "source$round");
	wait_active($node, "database $round", "source$round") if $round == 1;
	$node->safe_psql("source$round", "INSERT INTO sales (region, amount) VALUES (1, $_)") for (1 .. 5);
	took('CREATE DATABASE from a busy template', 4,
		sub { $node->safe_psql('postgres', "CREATE DATABASE copy$round TEMPLATE source$round"); });
	check_all($node, "copied database, round $round", "copy$round");
	$node->safe_psql("copy$round", "INSERT INTO sales (region, amount) VALUES (1, $_)") for (1 .. 5);
	views_from($node, 'store', "copied database, round $round, after writes", "copy$round");
	check_all($node, "source database, round $round", "source$round");

	my $path = store_path($node, "source$round");
	ok(-d $path, 'its store is there');
	$node->safe_psql("source$round", 'INSERT INTO sales (region, amount) VALUES (1, 1)');
	took('DROP DATABASE', 4, sub { $node->safe_psql('postgres', "DROP DATABASE source$round"); });
	$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_ls_dir('ivm_fdw/pgsql_tmp') d WHERE '$path' LIKE '%/' || d)");
	ok(!-d $path, 'the store of a dropped database is removed');
}

# A build takes long: the database can still be dropped.
$node->safe_psql('postgres', 'CREATE DATABASE big');
$node->safe_psql('big', <<'SQL');
CREATE EXTENSION ivm_fdw;
CREATE TABLE big AS SELECT i FROM generate_series(1, 400000) i;
CREATE FUNCTION slowly(i int) RETURNS int IMMUTABLE STRICT LANGUAGE plpgsql AS
	$$ DECLARE s int := 0; BEGIN FOR k IN 1..100 LOOP s := s + k; END LOOP; RETURN i % 10; END $$;
CREATE FOREIGN TABLE slow (k int, n bigint) SERVER ivm OPTIONS (query 'SELECT slowly(i), count(*) FROM big GROUP BY slowly(i)');
SQL
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'ivm_fdw: building view public.slow'"),
	'pg_stat_activity tells what is being built');
took('DROP DATABASE during a build', 5, sub { $node->safe_psql('postgres', 'DROP DATABASE big'); });

# A view that cannot be built says why, and is built when it can be.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE numbers (i int);
INSERT INTO numbers VALUES (1), (0);
CREATE FOREIGN TABLE inverse (x int, n bigint) SERVER ivm OPTIONS (query 'SELECT 100 / i, count(*) FROM numbers GROUP BY 100 / i');
SQL
ok($node->poll_query_until('postgres',
		"SELECT state = 'live' AND reason LIKE 'last build failed: division by zero%' FROM ivm_fdw_status WHERE view = 'inverse'::regclass"),
	'status tells why a build failed');
views_from($node, 'store', 'beside a view that cannot be built');
$node->safe_psql('postgres', 'TRUNCATE numbers; INSERT INTO numbers VALUES (1), (2)');
wait_active($node, 'the cause gone');
is($node->safe_psql('postgres', 'SELECT * FROM inverse ORDER BY 1'), "50|1\n100|1", 'and it is right');
my @failures = slurp_file($node->logfile) =~ /could not build view public.inverse/g;
cmp_ok(scalar @failures, '<=', 2, 'the log is not filled with it');

# Dropped views leave nothing behind.
my $triggers = "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'numbers'::regclass";
isnt($node->safe_psql('postgres', $triggers), '0', 'capture triggers are there');
$node->safe_psql('postgres', 'DROP FOREIGN TABLE inverse');
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_trigger WHERE tgrelid = 'numbers'::regclass");
is($node->safe_psql('postgres', $triggers), '0', 'unused capture triggers are removed');
$node->safe_psql('postgres', 'INSERT INTO numbers VALUES (0)');

# The launcher may be terminated; it comes back.
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'ivm_fdw custodian launcher'");
$node->safe_psql('postgres', 'CREATE FOREIGN TABLE again (i int, n bigint) SERVER ivm OPTIONS (query $$SELECT i, count(*) FROM numbers GROUP BY i$$)');
wait_active($node, 'the launcher terminated');

# A view in a database whose settings are strange.
$node->safe_psql('postgres', <<'SQL');
CREATE DATABASE strange;
ALTER DATABASE strange SET default_transaction_isolation = 'serializable';
ALTER DATABASE strange SET default_transaction_read_only = on;
ALTER DATABASE strange SET statement_timeout = '1ms';
ALTER DATABASE strange SET ivm_fdw.use_store = off;
SQL
{
	local $ENV{PGOPTIONS} = '-c default_transaction_isolation=read\ committed -c default_transaction_read_only=off -c statement_timeout=0 -c ivm_fdw.use_store=on';
	create_views($node, 'strange');
	wait_active($node, 'strange settings', 'strange');
	views_from($node, 'store', 'strange settings', 'strange');
}

# Fast shutdown does not wait for a build.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE big AS SELECT i FROM generate_series(1, 400000) i;
CREATE FUNCTION slowly(i int) RETURNS int IMMUTABLE STRICT LANGUAGE plpgsql AS
	$$ DECLARE s int := 0; BEGIN FOR k IN 1..100 LOOP s := s + k; END LOOP; RETURN i % 10; END $$;
CREATE FOREIGN TABLE slow (k int, n bigint) SERVER ivm OPTIONS (query 'SELECT slowly(i), count(*) FROM big GROUP BY slowly(i)');
SQL
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'ivm_fdw: building view public.slow'");
took('fast shutdown during a build', 5, sub { $node->stop('fast'); });
$node->start;
views_from($node, 'store', 'stopped during a build');
$node->stop;
done_testing();
