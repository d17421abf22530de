#!/bin/sh
# Installs emqxee-agent on a Linux machine: finds the file for it, checks that it can run here, checks its sha256, and
# puts it in place in one step. Can be repeated: what is in place already is left alone.
set -eu

usage() {
  cat <<'TEXT'
install.sh --from URL|DIRECTORY [--to DIRECTORY] [--sha256 HEX] [--static]

  --from     where the files are: the download address of ECP without the file name, or a directory
  --to       where emqxee-agent goes (default: /usr/local/bin)
  --sha256   what the file must have; without it, what SHA256SUMS beside it says
  --static   the files were built with --builder pkg: they need no C library

Exit codes: 0 installed or already there, 1 failed, 2 usage, 5 cannot run on this machine, 6 cannot be fetched
TEXT
}

say() { printf 'install.sh: %s\n' "$*" >&2; }
fail() {
  code=$1
  shift
  say "$@"
  exit "$code"
}
has() { command -v "$1" >/dev/null 2>&1; }

# The agent's names of architectures. A 32-bit system on a 64-bit kernel needs the 32-bit file.
architecture() {
  [ "$(uname -s)" = Linux ] || fail 5 "emqxee-agent runs on Linux; this is $(uname -s)"
  machine=$(uname -m)
  bits=$(getconf LONG_BIT 2>/dev/null || echo unknown)
  case $machine:$bits in
    x86_64:32) fail 5 'a 32-bit x86 system: there is no file for it' ;;
    x86_64:*) echo amd64 ;;
    aarch64:32 | armv8l:* | armv7*:*) echo arm ;;
    aarch64:*) echo arm64 ;;
    *) fail 5 "no file for $machine: there are amd64, arm (ARMv7 and later) and arm64" ;;
  esac
}

# What the file needs at run time. Only what is known to be too little is refused; the trial run at the end decides.
check_libraries() {
  version=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc \([0-9.]*\).*/\1/p') || version=''
  if [ -z "$version" ]; then
    words=$(ldd --version 2>&1) || true
    case $words in
      *musl*)
        fail 5 "this system has musl instead of glibc (Alpine?). Run the agent in a Debian container beside EMQX, or have the files built with 'npm run build:agent -- --builder pkg' and repeat with --static"
        ;;
    esac
    version=$(printf '%s\n' "$words" | sed -n '1s/.* \([0-9][0-9]*\.[0-9][0-9.]*\)$/\1/p')
  fi
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  if [ -n "$version" ] && { [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -lt 28 ]; }; }; then
    fail 5 "glibc $version is too old, 2.28 is needed (Debian 10, Ubuntu 20.04, RHEL 8, openEuler 20.03 or later)"
  fi
  has_library libstdc++.so.6 || fail 5 'libstdc++.so.6 is missing. Debian, Ubuntu: apt-get install libstdc++6; RHEL: dnf install libstdc++'
  if [ "$arch" = arm ]; then
    has_library libatomic.so.1 || fail 5 'libatomic.so.1 is missing. Debian, Ubuntu, Raspberry Pi OS: apt-get install libatomic1; RHEL: dnf install libatomic'
  fi
}

has_library() {
  if has ldconfig; then ldconfig=ldconfig; else ldconfig=/sbin/ldconfig; fi
  if "$ldconfig" -p 2>/dev/null | grep -q "$1"; then return 0; fi
  case $arch in
    amd64) triple=x86_64-linux-gnu ;;
    arm) triple=arm-linux-gnueabihf ;;
    *) triple=aarch64-linux-gnu ;;
  esac
  for dir in "/lib/$triple" "/usr/lib/$triple" /lib64 /usr/lib64 /lib /usr/lib; do
    if [ -e "$dir/$1" ]; then return 0; fi
  done
  return 1
}

check_disk() {
  free=$(df -Pk "$to" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge 120000 ] || fail 1 "$to has $((free / 1024)) MB free, 120 MB are needed"
}

# fetch NAME: the file's bytes on standard output.
fetch() {
  case $from in
    http://* | https://*)
      if has curl; then curl -fsSL --retry 2 "$from/$1"; else wget -q -O - "$from/$1"; fi
      ;;
    *) cat "$from/$1" ;;
  esac
}

expected() {
  if [ -n "$sha256" ]; then
    echo "$sha256"
    return
  fi
  fetch SHA256SUMS 2>/dev/null | awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }'
}

checksum() {
  if has sha256sum; then sha256sum <"$1"; elif has shasum; then shasum -a 256 <"$1"; else openssl dgst -sha256 -r <"$1"; fi |
    awk '{ print $1 }'
}

from='' to=/usr/local/bin sha256='' static=''
while [ $# -gt 0 ]; do
  case $1 in
    --from | --to | --sha256)
      [ $# -ge 2 ] || fail 2 "$1 needs a value"
      case $1 in
        --from) from=${2%/} ;;
        --to) to=$2 ;;
        --sha256) sha256=$2 ;;
      esac
      shift 2
      ;;
    --static)
      static=yes
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail 2 "unknown option $1; see: install.sh --help" ;;
  esac
done
[ -n "$from" ] || fail 2 '--from is needed: where the files are; see: install.sh --help'
case $from in
  http://* | https://*) has curl || has wget || fail 1 'curl or wget is needed' ;;
  *) [ -d "$from" ] || fail 2 "--from: no directory $from" ;;
esac
has sha256sum || has shasum || has openssl || fail 1 'sha256sum, shasum or openssl is needed'
[ -d "$to" ] || fail 1 "--to: no directory $to"

arch=$(architecture)
name=emqxee-agent-linux-$arch
[ -n "$static" ] || check_libraries

want=$(expected)
[ -n "$want" ] || fail 6 "cannot get the sha256 of $name: no $from/SHA256SUMS that names it. Is the address right? Or give --sha256"
if [ -f "$to/emqxee-agent" ] && [ "$(checksum "$to/emqxee-agent")" = "$want" ]; then
  say "$to/emqxee-agent is already this version"
  exit 0
fi
[ -w "$to" ] || fail 1 "cannot write to $to: repeat as root (sudo), or name another directory with --to"
check_disk

new=$(mktemp "$to/.emqxee-agent.XXXXXX")
trap 'rm -f "$new"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The gzip copy is a third of the size; where there is none, the file itself.
if ! has gzip || ! { fetch "$name.gz" 2>/dev/null | gzip -dc >"$new" 2>/dev/null; } || [ ! -s "$new" ]; then
  fetch "$name" >"$new" || fail 6 "cannot fetch $from/$name"
fi
got=$(checksum "$new")
[ "$got" = "$want" ] || fail 1 "$name has the wrong sha256 ($got, wanted $want): damaged on the way, or not the published file; nothing was changed"
chmod 755 "$new"
version=$("$new" --version 2>&1) || fail 5 "$name does not run on this machine: $version"
replaced=''
[ ! -e "$to/emqxee-agent" ] || replaced=yes
mv -f "$new" "$to/emqxee-agent"

say "installed $to/emqxee-agent ($version)"
if [ -n "$replaced" ]; then
  say "if the agent is running: $to/emqxee-agent restart"
else
  say "next: $to/emqxee-agent start"
  say "then: $to/emqxee-agent register --url URL --registration-token TOKEN"
fi
