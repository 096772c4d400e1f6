# Joins under load: clients on all sides of joins of two to four tables, of a table with itself, of stars; with
# savepoints, rollbacks, prepared transactions and REPEATABLE READ. While they write, REPEATABLE READ readers compare
# each view with its query in one statement; at quiet points ivm_fdw_verify does. No mismatch, no deadlock,
# no serialization failure is allowed: writers under REPEATABLE READ have rows of their own.
#
# IVM_STRESS_SECONDS (default 15): how long, in three rounds.
use strict;
use warnings;
use lib 't';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Ivm;

my $seconds = $ENV{IVM_STRESS_SECONDS} || 15;
my $rounds = 3;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
configure($node);
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nmax_connections = 60\nmax_prepared_transactions = 40\nivm_fdw.map_size = '1GB'");
$node->start;

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION ivm_fdw;
CREATE TABLE u (uid int PRIMARY KEY, name text, region int);
CREATE TABLE p (pid int PRIMARY KEY, kind int, price numeric);
CREATE TABLE o (oid serial PRIMARY KEY, uid int, amount int);
CREATE TABLE i (iid serial PRIMARY KEY, oid int, pid int, n int);
CREATE INDEX ON p (kind);
CREATE INDEX ON o (uid);
CREATE INDEX ON i (oid);
CREATE INDEX ON i (pid);
-- rows up to 64 of each are the REPEATABLE READ writers' own
INSERT INTO u SELECT s, 'u' || s, s % 5 FROM generate_series(1, 100) s;
INSERT INTO p SELECT s, s % 40, s * 0.25 FROM generate_series(1, 200) s;
INSERT INTO o (uid, amount) SELECT 1 + s % 110, s FROM generate_series(1, 500) s;
INSERT INTO i (oid, pid, n) SELECT 1 + s % 520, 1 + s % 210, s % 9 FROM generate_series(1, 1500) s;

CREATE TABLE checked (view text, differences bigint, live bool);
CREATE TABLE query (view text, query text);
INSERT INTO query VALUES
	('two', 'SELECT u.region, count(*) AS n, sum(o.amount) AS s, max(o.amount) AS m FROM u JOIN o USING (uid) GROUP BY u.region'),
	('three', 'SELECT u.region, count(*) AS n, sum(o.amount * i.n) AS s, min(i.n) AS m FROM u, o, i WHERE o.uid = u.uid AND i.oid = o.oid GROUP BY u.region'),
	('four', 'SELECT u.region, p.kind, count(*) AS n, sum(i.n * p.price) AS s FROM u, p, o, i WHERE o.uid = u.uid AND i.oid = o.oid AND i.pid = p.pid GROUP BY u.region, p.kind'),
	('docs', $$SELECT i.iid, jsonb_build_object('n', i.n, 'order', jsonb_build_object('amount', o.amount, 'user', u.name)) AS doc FROM i JOIN o USING (oid) JOIN u USING (uid)$$),
	('pairs', 'SELECT a.pid AS a, b.pid AS b FROM p a JOIN p b ON a.kind = b.kind AND a.pid < b.pid'),
	('self', 'SELECT x.uid, count(*) AS n, sum(x.amount * y.amount) AS s FROM o x JOIN o y ON x.uid = y.uid GROUP BY x.uid'),
	('triple', 'SELECT u.region, count(*) AS n FROM o x JOIN o y ON x.uid = y.uid AND x.oid < y.oid JOIN u ON u.uid = x.uid GROUP BY u.region'),
	('star', 'SELECT u.uid, u.name, count(o.oid) AS n, coalesce(sum(o.amount), 0) AS s FROM u LEFT JOIN o ON o.uid = u.uid GROUP BY u.uid'),
	('outside', 'SELECT u.region, count(*) AS n, count(o.oid) AS no, sum(o.amount) AS s FROM u LEFT JOIN o ON o.uid = u.uid GROUP BY u.region'),
	('scalar', 'SELECT u.uid, u.name, (SELECT count(*) FROM o WHERE o.uid = u.uid) AS n, (SELECT max(amount) FROM o WHERE o.uid = u.uid AND amount > 50) AS m FROM u'),
	('derived', 'SELECT o.oid, o.amount, d.n, d.s FROM o LEFT JOIN (SELECT oid, count(*) AS n, sum(n) AS s FROM i GROUP BY oid HAVING count(*) > 1) d ON d.oid = o.oid AND o.amount > 9');
DO $$
DECLARE
	q record;
BEGIN
	FOR q IN TABLE query LOOP
		EXECUTE format('CREATE VIEW q_%s AS %s', q.view, q.query);
		EXECUTE format('CREATE FOREIGN TABLE v_%s (%s) SERVER ivm OPTIONS (query %L)', q.view,
			(SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
			 FROM pg_attribute WHERE attrelid = ('q_' || q.view)::regclass), q.query);
	END LOOP;
END $$;
SELECT ivm_fdw_rebuild();

-- Compares a view with its query in one statement, and notes what came of it.
CREATE FUNCTION note(view text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	before record;
	after record;
	n bigint;
BEGIN
	SELECT * INTO before FROM ivm_fdw.session_reads();
	EXECUTE format('WITH v AS MATERIALIZED (TABLE v_%1$s), q AS MATERIALIZED (TABLE q_%1$s)
		SELECT count(*) FROM ((TABLE v EXCEPT ALL TABLE q) UNION ALL (TABLE q EXCEPT ALL TABLE v)) d', view) INTO n;
	SELECT * INTO after FROM ivm_fdw.session_reads();
	INSERT INTO checked VALUES (view, n, after.live > before.live);
END $$;
SQL

my $dir = $node->basedir;

# Existing rows are changed one of each table, in the order of tables: no writer waits in a circle.
# Rows up to 64 belong to the clients of the REPEATABLE READ script, eight to each.
sub script
{
	my ($name, $text) = @_;
	my $file = "$dir/$name.sql";
	unlink $file;
	append_to_file($file, $text);
	return $file;
}

my $all_sides = script('all_sides', <<'PGBENCH');
\set u random(65, 110)
\set p random(65, 210)
\set o random(65, 520)
\set i random(65, 1500)
\set k random(0, 39)
\set n random(1, 9)
\set kind random(1, 10)
BEGIN;
\if :kind <= 2
INSERT INTO o (uid, amount) VALUES (:u, :o);
INSERT INTO i (oid, pid, n) VALUES (currval('o_oid_seq'), :p, :n), (:o, :p, :n);
\elif :kind = 3
UPDATE u SET region = :n, name = name || :n WHERE uid = :u;
UPDATE p SET kind = :k WHERE pid = :p;
\elif :kind = 4
UPDATE p SET price = :i * 0.5, kind = :k WHERE pid = :p;
UPDATE o SET uid = :u WHERE oid = :o;
UPDATE i SET oid = :o, n = :n WHERE iid = :i;
\elif :kind = 5
SAVEPOINT a;
UPDATE u SET region = 77 WHERE uid = :u;
UPDATE o SET amount = amount + 1 WHERE oid = :o;
ROLLBACK TO a;
INSERT INTO i (oid, pid, n) VALUES (:o, :p, :n);
SAVEPOINT b;
INSERT INTO o (uid, amount) VALUES (:u, :n), (:u + 1, :n);
RELEASE b;
\elif :kind = 6
DELETE FROM o WHERE oid = (SELECT max(oid) FROM o WHERE oid > 520 AND oid % 5 = :client_id % 5);
DELETE FROM i WHERE iid = (SELECT max(iid) FROM i WHERE iid > 1500 AND iid % 3 = :client_id % 3);
\elif :kind = 7
INSERT INTO u VALUES (110 + :client_id * 100000 + (SELECT count(*) FROM u), 'new', :n) ON CONFLICT DO NOTHING;
DELETE FROM p WHERE pid = 200 + :client_id;
INSERT INTO p VALUES (200 + :client_id, :k, :n);
\elif :kind = 8
DELETE FROM u WHERE uid = (SELECT max(uid) FROM u WHERE uid > 110 AND uid / 100000 = :client_id);
UPDATE i SET pid = :p WHERE iid = :i;
\else
UPDATE o SET uid = :u, amount = amount + :n WHERE oid = :o;
\endif
\set end random(1, 6)
\if :end = 1
ROLLBACK;
\else
COMMIT;
\endif
PGBENCH

my $repeatable = script('repeatable', <<'PGBENCH');
\set r 1 + 8 * (:client_id % 8) + random(0, 7)
\set n random(1, 9)
\set k random(0, 39)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM v_two;
\sleep :n ms
UPDATE u SET region = :n WHERE uid = :r;
UPDATE p SET kind = :k WHERE pid = :r;
UPDATE o SET uid = :r, amount = :k WHERE oid = :r;
INSERT INTO i (oid, pid, n) VALUES (:r, :r, :n);
UPDATE i SET oid = :r, pid = pid % 200 + 1 WHERE iid = :r;
COMMIT;
PGBENCH

# A prepared transaction stays while its client goes on; meanwhile that waits for no row.
my $prepared = script('prepared', <<'PGBENCH');
\set u random(65, 110)
\set p random(65, 210)
\set o random(65, 520)
\set n random(1, 9)
\set k random(0, 39)
\set end random(1, 3)
\set own 65 + :client_id
BEGIN;
INSERT INTO o (uid, amount) VALUES (:u, :n);
INSERT INTO p VALUES (1000000 + :client_id, :k, :n);
SAVEPOINT a;
INSERT INTO i (oid, pid, n) VALUES (:o, :p, 1000);
ROLLBACK TO a;
INSERT INTO i (oid, pid, n) VALUES (currval('o_oid_seq'), :p, :n), (:o, 1000000 + :client_id, :n);
INSERT INTO u VALUES (9000000 + :client_id, 'prepared', :n);
INSERT INTO o (uid, amount) VALUES (9000000 + :client_id, :k);
PREPARE TRANSACTION 'stress:client_id';
\sleep :n ms
INSERT INTO i (oid, pid, n) VALUES (:o, :p, :n);
INSERT INTO o (uid, amount) VALUES (:u, :k), (9000000 + :client_id, :k);
\sleep :k ms
\if :end = 1
ROLLBACK PREPARED 'stress:client_id';
\else
COMMIT PREPARED 'stress:client_id';
\endif
DELETE FROM u WHERE uid = 9000000 + :client_id;
DELETE FROM p WHERE pid = 1000000 + :client_id;
PGBENCH

my $reader = script('reader', <<'PGBENCH');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT note(view) FROM query ORDER BY random() LIMIT 5;
\sleep 100 ms
SELECT note(view) FROM query ORDER BY random() LIMIT 5;
COMMIT;
\sleep 20 ms
PGBENCH

my $builder = script('builder', <<'PGBENCH');
SELECT ivm_fdw_rebuild(('v_' || view)::regclass) FROM query ORDER BY random() LIMIT 1;
\sleep 300 ms
PGBENCH

# Start pgbench; what it says comes with finish.
sub start_bench
{
	my ($name, $clients, @files) = @_;
	my %bench = (name => $name, out => '', err => '');
	$bench{handle} = IPC::Run::start(
		[
			'pgbench', '-n', '-c', $clients, '-j', 1, '-T', int($seconds / $rounds) || 1, '--failures-detailed',
			(map { ('-f', $_) } @files), $node->connstr('postgres')
		],
		'>', \$bench{out}, '2>', \$bench{err});
	return \%bench;
}

sub finish_bench
{
	my ($bench, $round) = @_;
	$bench->{handle}->finish;
	my ($done) = $bench->{out} =~ /actually processed: (\d+)/;
	$bench->{err} =~ s/^pgbench \(\d.*\n//m;
	is($bench->{err}, '', "round $round, $bench->{name}: no error");
	is(join(' ', $bench->{out} =~ /^number of (?:serialization|deadlock) failures: (\d+)/mg), '0 0',
		"round $round, $bench->{name}: no deadlock and no serialization failure");
	ok($done > 0, "round $round, $bench->{name}: did something");
	note("$bench->{name}: $done transactions");
	return;
}

# Nobody writes: every view equals its query, and is answered from the store.
sub quiet
{
	my ($what) = @_;
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_prepared_xacts"), '0', "$what: nothing is prepared");
	for my $view (split /\n/, $node->safe_psql('postgres', 'SELECT view FROM query'))
	{
		is($node->safe_psql('postgres', "SELECT * FROM ivm_fdw_verify('v_$view') LIMIT 3"), '', "$what: $view is right");
	}
	return;
}

quiet('before');
for my $round (1 .. $rounds)
{
	my @benches = (
		start_bench('all sides', 6, $all_sides),
		start_bench('repeatable read', 4, $repeatable),
		start_bench('prepared', 4, $prepared),
		start_bench('readers', 2, $reader),
		start_bench('builder', 1, $builder));
	finish_bench($_, $round) for @benches;
	quiet("round $round");
}

is($node->safe_psql('postgres', 'SELECT view, count(*) FROM checked WHERE differences > 0 GROUP BY view'),
	'', 'no reader saw a view differ from its query');
my $from_store = $node->safe_psql('postgres', 'SELECT round(avg((NOT live)::int), 2) FROM checked');
note("share of reads from the store: $from_store");
cmp_ok($from_store, '>', 0.8, 'readers were answered from the store');
is(join(' ', slurp_file($node->logfile) =~ /^.*(?:ERROR|WARNING|FATAL|PANIC):.*$/mg), '', 'nothing in the log');
$node->stop;
done_testing();
