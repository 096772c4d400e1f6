# OneView.pm: a node with the extension, and questions about a single view.
package OneView;

use strict;
use warnings;
use Exporter 'import';
use Ivm ();
use Test::More;

our @EXPORT = qw(ivm_node is_same wait_until_active);

# A running node with the extension in database postgres.
sub ivm_node
{
	my ($name, %init) = @_;
	my $node = Ivm::new_node($name, %init);
	$node->safe_psql('postgres', 'CREATE EXTENSION ivm_fdw');
	return $node;
}

# One test: the view has its query's rows, in one statement.
sub is_same
{
	my ($node, $view, $query, $name, $db) = @_;
	my $got = $node->safe_psql($db // 'postgres', <<"SQL");
WITH v AS MATERIALIZED (SELECT v::text AS r FROM $view v), q AS MATERIALIZED (SELECT q::text AS r FROM ($query) q)
SELECT 'view', r FROM (TABLE v EXCEPT ALL TABLE q) d UNION ALL SELECT 'query', r FROM (TABLE q EXCEPT ALL TABLE v) d
SQL
	return is($got, '', $name);
}

# One test: the custodian makes the view answer from the store.
sub wait_until_active
{
	my ($node, $view, $name, $db) = @_;
	return ok($node->poll_query_until($db // 'postgres',
			"SELECT state = 'active' FROM ivm_fdw_status WHERE view = '$view'::regclass"), $name // "$view is active");
}

1;
