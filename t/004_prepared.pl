# Prepared transactions across restarts, clean and otherwise.
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

sub prepare
{
	my ($gid) = @_;
	$node->safe_psql('postgres', <<SQL);
BEGIN;
INSERT INTO sales (region, amount, f, t) SELECT 7, i, 1e16, '$gid' FROM generate_series(1, 10) i;
SAVEPOINT a;
DELETE FROM sales WHERE region = 9;
ROLLBACK TO a;
UPDATE sales SET region = 11 WHERE region = 10 AND t IS NULL;
PREPARE TRANSACTION '$gid';
SQL
	return;
}

sub total { return $node->safe_psql('postgres', 'SELECT n FROM total'); }

# Across a clean restart the store stays, and with it what was prepared.
my $before = total();
prepare('committed');
views_from($node, 'store', 'prepared');
is(total(), $before, 'prepared: not yet counted');
$node->restart;
views_from($node, 'store', 'prepared, restarted');
is(total(), $before, 'prepared, restarted: not yet counted');
$node->safe_psql('postgres', "COMMIT PREPARED 'committed'");
views_from($node, 'store', 'committed after a restart');
is(total(), $before + 10, 'committed after a restart: counted');
verify_clean($node, 'committed after a restart');

prepare('rolledback');
$node->restart;
$node->safe_psql('postgres', "ROLLBACK PREPARED 'rolledback'");
views_from($node, 'store', 'rolled back after a restart');
is(total(), $before + 10, 'rolled back after a restart: not counted');
verify_clean($node, 'rolled back after a restart');

# It may stay while others write, fold and rebuild.
prepare('long');
$node->safe_psql('postgres', "INSERT INTO sales (region, amount) VALUES (7, $_)") for (1 .. 20);
$node->safe_psql('postgres', 'SELECT ivm_fdw_rebuild()');
$node->restart;
views_from($node, 'store', 'rebuilt beside a prepared transaction');
$node->safe_psql('postgres', "COMMIT PREPARED 'long'");
views_from($node, 'store', 'committed after a rebuild');
verify_clean($node, 'committed after a rebuild');

# A crash takes the store, and what was prepared was stored in it only: live until it has ended.
for my $end ('COMMIT', 'ROLLBACK')
{
	prepare('crash');
	$node->stop('immediate');
	$node->start;
	views_from($node, 'live', "crash beside a prepared transaction ($end)");
	$node->poll_query_until('postgres',
		"SELECT bool_and(state <> 'active' AND reason IS NOT NULL) FROM ivm_fdw_status");
	note $node->safe_psql('postgres', 'SELECT view, state, reason FROM ivm_fdw_status');
	$node->safe_psql('postgres', 'INSERT INTO sales (region, amount) VALUES (7, 7)');
	views_from($node, 'live', "crash beside a prepared transaction, after a write ($end)");
	$node->safe_psql('postgres', "$end PREPARED 'crash'");
	check_all($node, "crash beside a prepared transaction, ended by $end");
}

# DDL in prepared transactions: a view and its build, and a TRUNCATE.
$node->safe_psql('postgres', <<'SQL');
BEGIN;
CREATE FOREIGN TABLE late (region int, n bigint) SERVER ivm OPTIONS (query 'SELECT region, count(*) FROM sales GROUP BY region');
PREPARE TRANSACTION 'view';
SQL
$node->restart;
$node->safe_psql('postgres', "COMMIT PREPARED 'view'");
push @views, 'late';
check_all($node, 'a view created by a prepared transaction');

$node->safe_psql('postgres', <<'SQL');
BEGIN;
SELECT ivm_fdw_rebuild('by_region');
INSERT INTO sales (region, amount) VALUES (3, 3);
PREPARE TRANSACTION 'build';
SQL
views_right($node, 'a prepared build');
$node->restart;
views_right($node, 'a prepared build, restarted');
$node->safe_psql('postgres', "COMMIT PREPARED 'build'");
check_all($node, 'a prepared build, committed');

$node->safe_psql('postgres', <<'SQL');
BEGIN;
INSERT INTO sales (region, amount) VALUES (3, 3);
TRUNCATE sales;
INSERT INTO sales (region, amount, t) VALUES (4, 4, 'after');
PREPARE TRANSACTION 'truncate';
SQL
$node->restart;
$node->safe_psql('postgres', "COMMIT PREPARED 'truncate'");
check_all($node, 'a prepared TRUNCATE');
is(total(), 1, 'a prepared TRUNCATE: one row left');

$node->stop;
done_testing();
