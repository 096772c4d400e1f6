#!/usr/bin/perl
# packages.pl: the machine's Debian package index as lines for COPY.
#
# Reads /var/lib/dpkg/status (what is installed) and, where present, apt's lists
# (what could be); prints package, version, architecture, section, priority,
# maintainer, installed size in kB, and whether it is installed.
use strict;
use warnings;

my %seen;

sub field
{
	my ($value) = @_;
	return '\N' unless defined $value && $value ne '';
	$value =~ s/([\\\t])/$1 eq "\t" ? '\t' : '\\\\'/ge;
	return $value;
}

sub read_index
{
	my ($fh, $status) = @_;
	local $/ = '';		# paragraphs
	while (my $paragraph = <$fh>)
	{
		my %f = map { /^([\w-]+):[ ]*(.*)$/ ? (lc $1, $2) : () } split /\n/, $paragraph;
		next unless $f{package} && $f{version};
		my $installed = $status ? ($f{status} // '') =~ / installed$/ : 0;
		next if $status && !$installed;
		next if $seen{"$f{package} $f{version} $f{architecture}"}++;
		print join("\t", map({ field($f{$_}) } qw(package version architecture section priority maintainer installed-size)),
			$installed ? 't' : 'f'), "\n";
	}
	return;
}

if (open my $fh, '<', '/var/lib/dpkg/status')
{
	read_index($fh, 1);
}
for my $list (sort glob '/var/lib/apt/lists/*_Packages*')
{
	my @cat = ($list =~ /_Packages$/) ? ('cat', $list) : ('/usr/lib/apt/apt-helper', 'cat-file', $list);
	open my $fh, '-|', @cat or next;
	read_index($fh, 0);
	close $fh;
}
