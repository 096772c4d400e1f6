#!/usr/bin/perl
# report.pl: medians and ratios of bench/results/*.csv as Markdown.
use strict;
use warnings;

my ($dir) = @ARGV;

sub median
{
	my @v = sort { $a <=> $b } @_;
	return @v % 2 ? $v[@v / 2] : ($v[@v / 2 - 1] + $v[@v / 2]) / 2;
}

# Round by round, since the machine's speed changes from round to round.
sub shares
{
	my ($of, $none) = @_;
	return map { $none->[$_] ? $of->[$_] / $none->[$_] : () } 0 .. ($#$of < $#$none ? $#$of : $#$none);
}

# Rows of a file, grouped: { key => { variant => [figures] } }
sub rows
{
	my ($file, $split) = @_;
	my %groups;
	open my $fh, '<', "$dir/$file" or return;
	my $header = <$fh>;
	while (my $line = <$fh>)
	{
		chomp $line;
		my @f = split /,/, $line, -1;
		my ($key, $variant) = $split->(@f);
		push @{ $groups{$key}{$variant} }, $f[-1] || 0;
	}
	return \%groups;
}

# on before off, random before hot, one client before four
sub by_load
{
	my ($sync, $load, $clients) = split /,/, $_[0];
	return join ' ', $sync eq 'on' ? 0 : 1, $load eq 'random' ? 0 : 1, $clients;
}

sub table
{
	my ($title, $head, @lines) = @_;
	print "### $title\n\n| ", join(' | ', @$head), " |\n|", '---|' x @$head, "\n";
	print '| ', join(' | ', @$_), " |\n" for @lines;
	print "\n";
	return;
}

my %name = (none => 'no view', ivm => 'ivm_fdw', row_trigger => 'row trigger', statement_trigger => 'statement trigger', pg_ivm => 'pg_ivm',
	recompute => 'recompute trigger', by_hand => 'hand-kept table');

if (my $w = rows('writes.csv', sub { ("$_[1],$_[2],$_[3]", $_[4]) }))
{
	my @variants = grep { my $v = $_; grep { $_->{$v} } values %$w } qw(none ivm row_trigger statement_trigger pg_ivm);
	my @lines;
	for my $key (sort { by_load($a) cmp by_load($b) } keys %$w)
	{
		my ($sync, $load, $clients) = split /,/, $key;
		my $none = $w->{$key}{none};
		push @lines, [
			"$clients client" . ($clients > 1 ? 's' : '') . ', ' . ($load eq 'hot' ? 'one hot group' : 'random groups'), $sync,
			map {
				my $of = $w->{$key}{$_} // [0];
				$_ eq 'none' ? sprintf('%.0f', median(@$of)) : sprintf('%.0f (%.2f)', median(@$of), median(shares($of, $none)))
			} @variants ];
	}
	table('Single-row INSERT, transactions a second (share of no view)', [ 'load', 'synchronous_commit', map { $name{$_} } @variants ], @lines);
}
if (my $i = rows('idle.csv', sub { ($_[1], $_[2]) }))
{
	table('INSERT into a group on which another transaction is open and idle, transactions a second',
		[ '', 'nobody else', 'beside the idle writer' ],
		map { my $v = $_; [ $name{$v}, map { my $f = $i->{$v}{$_}; $f && median(@$f) > 0 ? sprintf('%.0f', median(@$f)) : 'blocked' } qw(no yes) ] }
		  grep { $i->{$_} } qw(none ivm row_trigger));
}
if (my $c = rows('copy.csv', sub { ('copy', $_[1]) }))
{
	my $base = median(@{ $c->{copy}{none} });
	table('COPY of 1,000,000 rows', [ '', 'seconds', 'rate as a share of no view' ],
		map { my $m = median(@{ $c->{copy}{$_} }); [ $name{$_}, sprintf('%.2f', $m), sprintf('%.2f', $base / $m) ] }
		  grep { $c->{copy}{$_} } qw(none ivm statement_trigger));
}
if (my $r = rows('reads.csv', sub { ($_[1], $_[2]) }))
{
	my %what = (point => 'one of 1,000,000 groups by key', scan => 'all 1,000,000 groups');
	table('Reads, milliseconds', [ '', 'table', 'view', 'view / table' ],
		map {
			my ($t, $v) = map { median(@$_) } @{ $r->{$_} }{qw(table view)};
			[ $what{$_}, sprintf('%.3f', $t), sprintf('%.3f', $v), sprintf('%.2f', $v / $t) ]
		} grep { $r->{$_} } qw(point scan));
}

# Medians of a case's figures, and of the rounds' own ratios between two of them
my ($arrangements) = rows('arrangements.csv', sub { ("$_[1],$_[2]", $_[3]) });

sub figures { my ($what, $variant) = @_; return $arrangements->{$what}{$variant} // [0]; }

sub ratio { my ($of, $to) = @_; return sprintf('%.2f', median(shares($of, $to))); }

sub sum_of
{
	my ($x, $y, $sign) = @_;
	return [ map { $x->[$_] + $sign * $y->[$_] } 0 .. $#$x ];
}

if ($arrangements)
{
	my %cost;
	for my $size (qw(small big))
	{
		my $upkeep = sum_of(figures("max,$size", 'deleted'), figures("max,$size", 'bare'), -1);
		$cost{$size} = sum_of($upkeep, figures("max,$size", 'read'), 1);
	}
	table('The largest value of a group is deleted, and the new one read, microseconds',
		[ 'group', 'deletion', 'the same without a view', 'read', 'upkeep and read', 'recomputing the group', 'recomputing / upkeep and read' ],
		map {
			my $size = $_;
			[ $size eq 'small' ? '1,000 rows' : '1,000,000 rows', (map { sprintf('%.0f', median(@{ figures("max,$size", $_) })) } qw(deleted bare read)),
				sprintf('%.0f', median(@{ $cost{$size} })), sprintf('%.0f', median(@{ figures("max,$size", 'recompute') })),
				ratio(figures("max,$size", 'recompute'), $cost{$size}) ]
		} qw(small big));
	my %what = (distinct => 'count(DISTINCT), read', list_read => 'string_agg, read', pct_read => 'percentile, read',
		list_write => 'string_agg, INSERT', pct_write => 'percentile, INSERT');
	table('Small and big groups, microseconds (1,000 and 1,000,000 elements for count(DISTINCT), else 1,000 and 100,000)', [ '', 'small', 'big', 'big / small' ],
		[ 'largest value deleted, new one read', (map { sprintf('%.0f', median(@{ $cost{$_} })) } qw(small big)), ratio($cost{big}, $cost{small}) ],
		map {
			my ($small, $big) = (figures("$_,small", 'view'), figures("$_,big", 'view'));
			[ $what{$_}, sprintf('%.0f', median(@$small)), sprintf('%.0f', median(@$big)), ratio($big, $small) ]
		} qw(distinct list_write pct_write list_read pct_read));
	table('Single-row INSERT beside counts and distinct counts (Nexmark q15, q16), transactions a second (share of the plain count view)',
		[ '', 'no view', 'plain count', '4 counts and 8 distinct counts' ],
		map {
			my $case = "bids,$_";
			[ $_ == 1 ? '1 client' : "$_ clients", sprintf('%.0f', median(@{ figures($case, 'none') })), sprintf('%.0f', median(@{ figures($case, 'count') })),
				sprintf('%.0f (%s)', median(@{ figures($case, 'distinct') }), ratio(figures($case, 'distinct'), figures($case, 'count'))) ]
		} 1, 4);
	table('The first 10 of 1,000,000 rows, microseconds', [ '', 'index scan with LIMIT 10', 'view', 'view / index scan' ],
		map {
			my ($t, $v) = (figures("top,$_", 'table'), figures("top,$_", 'view'));
			[ $_ eq 'grouped' ? 'of a partition' : 'of a table', sprintf('%.1f', median(@$t)), sprintf('%.1f', median(@$v)), ratio($v, $t) ]
		} qw(grouped plain));
}

# The invoice workload: no view's rate, and the others with their shares of it
for my $file (sort map { s/.*\///r } glob "$dir/invoices-*.csv")
{
	my $groups = rows($file, sub { ("$_[1],$_[2]", $_[3]) });
	my @variants = grep { my $v = $_; grep { $_->{$v} } values %$groups } qw(none ivm recompute by_hand pg_ivm);
	my ($size) = $file =~ /(\d+)/;
	my @lines;
	for my $key (sort { join(' ', map { sprintf '%5d', $_ } split /,/, $a) cmp join(' ', map { sprintf '%5d', $_ } split /,/, $b) } keys %$groups)
	{
		my ($batch, $clients) = split /,/, $key;
		my $of = $groups->{$key};
		push @lines, [ "batch $batch, $clients client" . ($clients > 1 ? 's' : ''),
			map { sprintf $_ eq 'none' ? '%.0f' : '%.0f (%.2f)', median(@{ $of->{$_} }), median(shares($of->{$_}, $of->{none})) } @variants ];
	}
	table("$size invoices, transactions a second (share of no view)", [ 'load', map { $name{$_} } @variants ], @lines);
}
