#!/bin/sh
# SPDX-License-Identifier: MIT
# Check service.pml with Spin, and that a fault planted in it is found.
#
#   tests/model/run.sh [REQUESTS]      2: a second; 3: some minutes
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# check FLAGS: its last words; fails on the first wrong state
check() {
    # shellcheck disable=SC2086
    spin -a $1 "$here/service.pml" >spin.log || { cat spin.log; exit 1; }
    gcc -w -O2 -DSAFETY -DCOLLAPSE -o pan pan.c
    ./pan -m200000 >pan.log
    grep -q 'errors: 0$' pan.log &&
        ! grep -q 'out of memory\|max search depth' pan.log
}

check "-DN_REQUESTS=${1:-2}" || { cat pan.log; exit 1; }
sed -n 's/^ *\([0-9]*\) states, stored.*/model: \1 states, none wrong/p' pan.log
for fault in SLEEPS_THROUGH_STOP RELEASES_TWICE; do
    if check "-D$fault" || ! grep -q 'errors: [1-9]' pan.log; then
        echo "model: $fault went unnoticed" >&2
        exit 1
    fi
done
echo "model: both planted faults found"
