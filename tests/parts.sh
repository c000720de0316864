#!/usr/bin/env bash
# Installs the real parts that the tests need, where it may: as root on Debian, without asking.
# What it cannot install it names; the tests that need it are then skipped (in CI they fail).
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A program=(
    [postgresql]=initdb
    [postfix]=smtp-sink
    [gcc]=gcc
    [libc6-dev]=gcc
    [dovecot-imapd]=dovecot
    [chromium]=chromium
    [chromium-driver]=chromedriver
    [npm]=npm
)

missing=()
for package in "${!program[@]}"; do
    PATH="$PATH:/usr/sbin:$(echo /usr/lib/postgresql/*/bin)" command -v "${program[$package]}" >/dev/null ||
        missing+=("$package")
done
if ((${#missing[@]})); then
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        echo "Installing for the tests: ${missing[*]}" >&2
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq >&2
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
            echo "Could not install: ${missing[*]}" >&2
    else
        echo "Not installed, so some tests are skipped: ${missing[*]} (Debian: apt-get install ${missing[*]})" >&2
    fi
fi

# Packages from npm, each set with its lock beside the tests that use it.
while read -r install; do
    if command -v npm >/dev/null; then
        "$install" || echo "Could not install: $install" >&2
    fi
done < <(find tests -name install.sh)
