#!/usr/bin/env bash
# The tunnel where it takes long: 100 MB through a small heap, silence in real time, and Debian's mosquitto, which is
# installed where apt can; elsewhere its tests say that they skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! [ -x /usr/sbin/mosquitto ] && ! command -v mosquitto >/dev/null; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" apt-get install -y -qq --no-install-recommends mosquitto; } \
    >.ci/tmp/apt-tunnel.txt 2>&1 || echo "tunnel: cannot install mosquitto ($(tail -n 1 .ci/tmp/apt-tunnel.txt))"
fi

rm -f .ci/tmp/vitest-tunnel.json
timeout 600 npm run --silent test:tunnel
timeout 120 npm run --silent bench:tunnel
