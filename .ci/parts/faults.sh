#!/usr/bin/env bash
# A writer that wraps like EMQX, a real agent process, and every fault: ten seeded rounds of each, judged by an oracle.
# The seeds are fixed, so that a change is what makes a difference; without --seed they are drawn anew.
set -euo pipefail
cd "$(dirname "$0")/../.."
npm run --silent test:faults -- --rounds 10 --seed "${FAULTS_SEED:-843747751}"
