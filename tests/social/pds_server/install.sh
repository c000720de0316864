#!/bin/sh
# Install the Bluesky server that tests/social posts to into var/pds, once.
set -eu
cd "$(dirname "$0")"
target=../../../var/pds
if [ -e $target/node_modules/.ready ] && cmp -s package-lock.json $target/package-lock.json; then
    exit 0
fi
mkdir -p $target
cp package.json package-lock.json $target/
cd $target
npm ci --no-audit --no-fund --ignore-scripts
# Its one native part is built here; no other package may run a script of its own.
npm rebuild better-sqlite3
touch node_modules/.ready
