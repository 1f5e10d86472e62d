#!/usr/bin/env bash
# Runs the long tests too, against the newest PostgreSQL we know rather than
# the one that is installed, and then reports once what writers notice of a
# purge of 1 of 10 million events. Arguments are passed on to go test;
# ACTIVITYLOG_SOAK_EVENTS is another size of that log, 0 for none.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/deps.sh
scripts/deps.sh postgres18
export ACTIVITYLOG_POSTGRES_BIN="${XDG_CACHE_HOME:-$HOME/.cache}/activitylog/postgres-18/bin"
export ACTIVITYLOG_REQUIRE=1
export ACTIVITYLOG_SOAK=1
code=0
go test -race -count=1 -timeout 3h "$@" ./... || code=1
go test -count=1 -timeout 3h "$@" ./store/sqlstore ./alerts ./integrity ./cmd/activitylog || code=1 # has tests that the race detector leaves out
(cd e2e && go test -count=1 -timeout 30m "$@" ./...) || code=1
scripts/fuzz.sh 10m all || code=1
events=${ACTIVITYLOG_SOAK_EVENTS:-10000000}
if [ "$events" -gt 0 ]; then
	(cd bench && go run . -only purge -events "$events") || code=1
fi
exit $code
