# Ivm.pm: what the TAP tests share.
package Ivm;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(ivm_node ivm_conf is_same is_active wait_until_active);

# Settings of a server with the extension.
sub ivm_conf
{
	return <<'CONF';
shared_preload_libraries = 'ivm_fdw'
max_prepared_transactions = 10
ivm_fdw.map_size = '256MB'
ivm_fdw.custodian_naptime = '50ms'
CONF
}

# A running node with the extension in database postgres.
sub ivm_node
{
	my ($name, %init) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(%init);
	$node->append_conf('postgresql.conf', ivm_conf());
	$node->start;
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

sub is_active
{
	my ($node, $view, $db) = @_;
	return $node->safe_psql($db // 'postgres', "SELECT state FROM ivm_fdw_status WHERE view = '$view'::regclass") eq 'active';
}

# One test: the custodian makes the view answer from the store.
sub wait_until_active
{
	my ($node, $view, $name, $db) = @_;
	return ok($node->poll_query_until($db // 'postgres',
			"SELECT state = 'active' FROM ivm_fdw_status WHERE view = '$view'::regclass"), $name // "$view is active");
}

1;
