# lib.sh: what script/test, script/demo and script/bench share.
#
# Each of them works in a private directory $W that goes away at exit, with
#   $W/src   a copy of the checkout       $W/pg    the server's programs, and the extension
#   $W/data  a cluster of its own         $W/sock  its unix socket, the only way in
# so nothing of the system is touched: the extension is never installed into
# /usr, and no server that runs on the machine is spoken to.
#
# PostgreSQL refuses to run as root, so a script started by root does its second
# half (in_private_tree) as an unprivileged user.

set -euo pipefail
export LC_ALL=C.UTF-8
umask 022

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# --- what must be there -----------------------------------------------------

find_pg_config()
{
	if [ -z "${PG_CONFIG:-}" ]; then
		PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config
		[ -x "$PG_CONFIG" ] || PG_CONFIG=$(command -v pg_config || true)
	fi
	[ -x "${PG_CONFIG:-}" ] && export PG_CONFIG
}

# Print the Debian packages that are missing.
missing_packages()
{
	command -v gcc >/dev/null && echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1 || echo gcc libc6-dev
	command -v make >/dev/null || echo make
	if find_pg_config; then
		[ -x "$("$PG_CONFIG" --bindir)/postgres" ] || echo postgresql-15
		[ -f "$("$PG_CONFIG" --pgxs)" ] || echo postgresql-server-dev-15
	else
		echo postgresql-15 postgresql-server-dev-15
	fi
	echo '#include <lmdb.h>' | gcc -E - >/dev/null 2>&1 || echo liblmdb-dev
	perl -MIPC::Run -e 1 2>/dev/null || echo libipc-run-perl
}

need_packages()
{
	local missing sudo=
	missing=$(missing_packages | xargs)
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		sudo=sudo
		command -v sudo >/dev/null && sudo -n true 2>/dev/null ||
			die "Missing packages, and no right to install them. As root: apt-get install $missing"
	fi
	command -v apt-get >/dev/null || die "Missing, to be installed by hand: $missing"
	say "Installing $missing"
	$sudo apt-get -qq update
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $sudo apt-get -qq install -y --no-install-recommends $missing >/dev/null
	missing=$(missing_packages | xargs)
	[ -z "$missing" ] || die "Still missing after apt-get install: $missing"
}

# --- the private directory --------------------------------------------------

# Build, and fill $W with the sources, the server's programs and the extension.
private_dir()
{
	local dir f
	need_packages
	find_pg_config
	make -s -C "$ROOT" -j2 PG_CONFIG="$PG_CONFIG" all

	W=$(mktemp -d /tmp/ivm.XXXXXX)
	trap private_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	export W

	mkdir "$W/src" "$W/sock" "$W/log"
	tar -C "$ROOT" --exclude=./.git --exclude='*.o' --exclude=./tmp_check -cf - . | tar -C "$W/src" -xf -

	# The server finds its files relative to where its program lies: copied
	# programs beside links to everything else make an installation of our own.
	dir=$("$PG_CONFIG" --bindir)
	mkdir -p "$W/pg$dir"
	cp -L "$dir"/* "$W/pg$dir"
	for dir in "$("$PG_CONFIG" --pkglibdir)" "$("$PG_CONFIG" --sharedir)" "$("$PG_CONFIG" --sharedir)/extension"; do
		rm -f "$W/pg$dir"			# the link that the level above made
		mkdir -p "$W/pg$dir"
		ln -s "$dir"/* "$W/pg$dir/"
		for f in "$W/pg$dir"/ivm_fdw*; do rm -f "$f"; done
	done
	make -s -C "$ROOT" PG_CONFIG="$PG_CONFIG" install DESTDIR="$W/pg" >/dev/null

	RUN_AS=
	if [ "$(id -u)" = 0 ]; then
		RUN_AS=postgres
		id postgres >/dev/null 2>&1 || RUN_AS=nobody
		chown -R "$RUN_AS" "$W"
	fi
}

# Stop what still runs in $W and remove it; keep the logs of a failure.
private_end()
{
	local rc=$? pidfile
	trap - EXIT INT TERM HUP
	[ -z "${child:-}" ] || kill -TERM -- "-$child" 2>/dev/null || true
	while read -r pidfile; do
		kill -QUIT "$(head -1 "$pidfile")" 2>/dev/null || true
	done < <(find "$W" -name postmaster.pid 2>/dev/null)
	if [ "$rc" != 0 ] && [ -n "$(ls -A "$W/log" 2>/dev/null)" ]; then
		rm -rf "$ROOT/tmp_check"
		if cp -r "$W/log" "$ROOT/tmp_check" 2>/dev/null; then
			say "Logs are in $ROOT/tmp_check"
		fi
	fi
	[ -z "${CSV_TO:-}" ] || cp "$W"/results/* "$CSV_TO" 2>/dev/null || true
	sleep 0.3
	rm -rf "$W" 2>/dev/null || { sleep 2; rm -rf "$W"; }
	exit "$rc"
}

# Run a script of the copy as the unprivileged user, in a process group of its own.
in_private_tree()
{
	local -a cmd=(bash "$W/src/$1" "${@:2}")
	export IVM_PRIVATE=1
	if [ -n "$RUN_AS" ]; then
		cmd=(setpriv --reuid="$RUN_AS" --regid="$(id -g "$RUN_AS")" --clear-groups
			 env HOME="$W" USER="$RUN_AS" LOGNAME="$RUN_AS" "${cmd[@]}")
	fi
	cd "$W"
	setsid "${cmd[@]}" &
	child=$!
	wait "$child" && rc=0 || rc=$?
	child=
	return "$rc"
}

# --- in the private directory: the cluster ----------------------------------

private_env()
{
	local var
	for var in ${!PG*}; do
		[ "$var" = PG_CONFIG ] || unset "$var"
	done
	BIN=$W/pg$("$PG_CONFIG" --bindir)
	PGXSDIR=$(dirname "$("$PG_CONFIG" --pgxs)")/../..
	ulimit -c unlimited 2>/dev/null || true
	export PATH=$BIN:$PATH PGHOST=$W/sock PGPORT=54315 PGUSER=postgres PGDATABASE=postgres
	cd "$W/src"
}

# cluster_start [line of postgresql.conf]...
cluster_start()
{
	initdb -D "$W/data" -U postgres -A trust -N --locale=C.UTF-8 -E UTF8 >"$W/log/initdb.log"
	{
		cat <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$W/sock'
		port = $PGPORT
		shared_preload_libraries = 'ivm_fdw'
		wal_level = logical
		max_prepared_transactions = 20
		CONF
		for line in "$@"; do printf '%s\n' "$line"; done
	} >>"$W/data/postgresql.conf"
	pg_ctl -D "$W/data" -l "$W/log/postmaster.log" -w start >/dev/null ||
		{ cat "$W/log/postmaster.log"; die "The cluster did not start."; }
}

# Where a server process died, as far as it left a core file and gdb is there.
show_crashes()
{
	local core
	while read -r core; do
		say "== a server process crashed: $core"
		gdb -batch -ex 'bt 25' "$BIN/postgres" "$core" 2>&1 | grep '^#' | tee -a "$W/log/crashes.log" || true
	done < <(find "$W" -name 'core*' -type f -size +100k 2>/dev/null | head -3)
}

cluster_stop() { pg_ctl -D "$W/data" -m fast -w stop >/dev/null; }
