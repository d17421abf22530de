#!/usr/bin/env bash
# The agent's single files: built for three architectures, looked at, and run; the two foreign ones by qemu-user.
# What the machine lacks is installed where apt can; elsewhere each test says what it skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(
  busybox curl iproute2 binutils binutils-aarch64-linux-gnu binutils-arm-linux-gnueabihf qemu-user-static
  libc6-arm64-cross libstdc++6-arm64-cross libc6-armhf-cross libstdc++6-armhf-cross libatomic1-armhf-cross
)
missing=()
for package in "${packages[@]}"; do
  dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >.ci/tmp/apt.txt 2>&1 || echo "single files: cannot install ${missing[*]} ($(tail -n 1 .ci/tmp/apt.txt))"
fi

npm run --silent build
npm run --silent build:agent
npm run --silent test:agent-file
npm run --silent bench:agent-file
