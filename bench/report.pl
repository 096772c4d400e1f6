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
	while (<$fh>)
	{
		chomp;
		my @f = split /,/, $_, -1;
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

my %name = (none => 'no view', ivm => 'ivm_fdw', row_trigger => 'row trigger', statement_trigger => 'statement trigger', pg_ivm => 'pg_ivm');

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
