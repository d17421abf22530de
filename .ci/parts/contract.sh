#!/usr/bin/env bash
# Prism between the real client and the real server, on the published API file. Prism is a tool of 185 packages and no
# dependency of ours: it is installed aside, without running its scripts.
set -euo pipefail
cd "$(dirname "$0")/../.."
prism=5.14.2
export PRISM_HOME=${PRISM_HOME:-$PWD/.ci/tmp/prism-$prism}

if [ ! -f ../shared/contract/ecp-openapi.json ]; then
  echo "Skipped: ../shared/contract/ecp-openapi.json is not here."
  exit 0
fi
if [ ! -f "$PRISM_HOME/node_modules/@stoplight/prism-cli/dist/index.js" ]; then
  mkdir -p "$PRISM_HOME"
  echo '{"private":true}' >"$PRISM_HOME/package.json"
  if ! (cd "$PRISM_HOME" && timeout 120 npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
    "@stoplight/prism-cli@$prism"); then
    echo "Skipped: Prism $prism cannot be installed here."
    exit 0
  fi
fi
rm -f .ci/tmp/vitest-contract.json
timeout 180 npx vitest run --config test/contract-prism/vitest.config.ts
