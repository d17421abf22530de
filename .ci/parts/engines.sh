#!/usr/bin/env bash
# Delivery to and queries of a real search engine: the one in ECP_TEST_ELASTICSEARCH_URL, or nodes assembled here, one of
# OpenSearch and one of Elasticsearch.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -n "${ECP_TEST_ELASTICSEARCH_URL:-}" ]; then
  exec npm run --silent test:engines
fi
if ! command -v mvn >/dev/null || ! command -v javac >/dev/null; then
  echo "skipped: ECP_TEST_ELASTICSEARCH_URL is not set, and there is no Maven with a JDK to assemble a node"
  exit 0
fi

engine= home=
trap 'kill $engine 2>/dev/null || true; wait $engine 2>/dev/null || true; rm -rf "$home"' EXIT
for kind in opensearch elasticsearch; do
  build=$PWD/.ci/tmp/$kind
  mkdir -p "$build"
  mvn --quiet --batch-mode --file ".ci/engines/$kind/pom.xml" compile dependency:build-classpath -Dmdep.outputFile="$build/classpath"
  home=$(mktemp -d)
  port=$(node -e "const s=require('net').createServer().listen(0,'127.0.0.1',()=>{console.log(s.address().port);s.close()})")
  java -Xms512m -Xmx512m -cp "$build/classes:$(cat "$build/classpath")" Engine "$home" "$port" >"$build/engine.log" 2>&1 &
  engine=$!
  for _ in $(seq 120); do
    grep -q '^ready' "$build/engine.log" && break
    kill -0 $engine 2>/dev/null || { cat "$build/engine.log"; exit 1; }
    sleep 0.5
  done
  echo "-- $kind"
  ECP_TEST_ENGINE=$kind ECP_TEST_ELASTICSEARCH_URL="http://127.0.0.1:$port" npm run --silent test:engines
  kill $engine
  wait $engine 2>/dev/null || true
  rm -rf "$home"
done
