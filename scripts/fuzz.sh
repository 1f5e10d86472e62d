#!/usr/bin/env bash
# Fuzzes what reads evidence from elsewhere, each target for so long:
#
#   scripts/fuzz.sh 10s            leaves, checkpoints, proofs and bundles
#   scripts/fuzz.sh 10m all        and all other targets of package integrity
#
# Memory is capped, and two workers are enough. The other arguments of go test come from GOTESTFLAGS.
set -uo pipefail
cd "$(dirname "$0")/.."

time=${1:?say for how long, such as 10s}
targets="FuzzLeaf FuzzCheckpoint FuzzProof FuzzBundle"
if [ "${2:-}" = all ]; then
	targets=$(grep -ho '^func Fuzz[A-Za-z]*' integrity/*_test.go | cut -d' ' -f2 | sort)
fi
export GOMEMLIMIT=512MiB
ulimit -d $((2 << 20)) # KiB, for each process
code=0
for target in $targets; do
	# shellcheck disable=SC2086
	go test ${GOTESTFLAGS:-} -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 100x -parallel 2 ./integrity || code=1
done
exit $code
