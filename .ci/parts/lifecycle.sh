#!/usr/bin/env bash
# The agent as a service: its unit judged by systemd, kills and restarts at random, and what it takes while idle.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v systemd-analyze >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  (apt-get update -qq && apt-get install -qq -y --no-install-recommends systemd) >/dev/null 2>&1 ||
    echo "systemd cannot be installed here: its tests are skipped."
fi
# A result file of its own: under CI the settings would write over the one of the whole suite.
CI= npx vitest run test/agent/service/install.test.ts test/agent/service/watchdog.test.ts \
  --reporter=default --reporter=json --outputFile.json=.ci/tmp/vitest-service.json
timeout 600 npm run --silent test:lifecycle -- --rounds "${LIFECYCLE_ROUNDS:-12}" --seed "${LIFECYCLE_SEED:-1}"
timeout 180 npm run --silent bench:agent-idle
