#!/usr/bin/env bash
# A writer that wraps like EMQX, a real agent, and every fault: ten seeded rounds of each, judged by an oracle.
# The seeds are fixed, so that a change is what makes a difference; without --seed they are drawn anew.
set -euo pipefail
cd "$(dirname "$0")/../.."

# What sets the wall clock of one process; where it cannot be had that fault says that it is skipped.
if command -v apt-get >/dev/null && ! compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" apt-get install -y -qq --no-install-recommends libfaketime; } \
    >.ci/tmp/apt-faults.txt 2>&1 || echo "faults: cannot install libfaketime ($(tail -n 1 .ci/tmp/apt-faults.txt))"
fi

npm run --silent test:faults -- --rounds 10 --seed "${FAULTS_SEED:-843747751}"
