#!/usr/bin/env bash
# The demo as a newcomer runs it: exit 0 within its minute, no process left behind, no file outside the repository and the
# temporary folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$(mktemp -d)
temporary=$(mktemp -d)
trap 'rm -rf "$home" "$temporary"' EXIT

before=$(git status --porcelain)
if ! HOME=$home TMPDIR=$temporary timeout 60 npm run --silent demo >.ci/tmp/demo.txt 2>&1; then
  cat .ci/tmp/demo.txt
  echo "The demo failed or took more than 60 s."
  exit 1
fi
sed -n '/^# Summary/,$p' .ci/tmp/demo.txt

fail() {
  echo "$1"
  exit 1
}
left=$(grep -laz "^TMPDIR=$temporary\$" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 || true)
[ -z "$left" ] || fail "Processes left behind: $(for pid in $left; do tr '\0' ' ' <"/proc/$pid/cmdline"; echo; done)"
files=$(find "$home" "$temporary" -mindepth 1 -not -path "$home/.npm*" | head)
[ -z "$files" ] || fail "Files left behind: $files"
[ "$(git status --porcelain)" = "$before" ] || fail "The demo changed the repository."
echo "Nothing is left behind."
