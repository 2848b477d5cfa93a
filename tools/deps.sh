#!/bin/sh
# SPDX-License-Identifier: MIT
# Check that Debian packages are there; with --install, fetch what is missing.
#
#   tools/deps.sh [--install] PACKAGE...
#
# Exits 1 and names the missing packages when it may not install them.
set -eu

install=no
if [ "${1:-}" = "--install" ]; then
    install=yes
    shift
fi

missing=""
for package in "$@"; do
    state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    case "$state" in
    *"install ok installed"*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$install" = no ]; then
    echo "Missing Debian packages:$missing" >&2
    echo "Run 'make deps' to install them." >&2
    exit 1
fi

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo"
    echo "About to run as root, through sudo: apt-get install$missing" >&2
    command -v sudo >/dev/null || {
        echo "sudo is not here; as root run: apt-get install$missing" >&2
        exit 1
    }
else
    echo "Installing:$missing" >&2
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! {
    $as_root apt-get -q update &&
        # shellcheck disable=SC2086
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy install \
            --no-install-recommends $missing
} >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
