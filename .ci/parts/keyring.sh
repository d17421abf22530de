#!/usr/bin/env bash
# The keyring against a real Secret Service: GNOME's, on a session bus of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v secret-tool >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  (apt-get update -qq && apt-get install -qq -y --no-install-recommends dbus gnome-keyring libsecret-tools) >/dev/null 2>&1 ||
    echo "gnome-keyring cannot be installed here: its tests are skipped."
fi
# A result file of its own: under CI the settings would write over the one of the whole suite.
CI= npx vitest run test/commands/keyring.test.ts \
  --reporter=default --reporter=json --outputFile.json=.ci/tmp/vitest-keyring.json
