#!/usr/bin/env bash
# A writer that wraps like EMQX, a real agent process, and every fault: ten seeded rounds of each, judged by an oracle.
set -euo pipefail
cd "$(dirname "$0")/../.."
npm run --silent test:faults -- --rounds 10
