#!/usr/bin/env bash
# Put what the benchmarks need from npm into var/bench/; do nothing when it is there already.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
there="$here/../../var/bench"
if cmp -s "$here/package-lock.json" "$there/.installed"; then
    exit 0
fi
mkdir -p "$there"
cp "$here/package.json" "$here/package-lock.json" "$there/"
npm ci --prefix "$there" --ignore-scripts --no-audit --no-fund --silent
cp "$here/package-lock.json" "$there/.installed"
