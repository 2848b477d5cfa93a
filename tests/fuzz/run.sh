#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzz some targets, one after the other; the corpus stays in build/fuzz/corpus
# and is gone on with. What was found lies in build/fuzz/found: shrink it with
# `AHA_FUZZ=TARGET build/fuzz/fuzz -minimize_crash=1 FILE`, mend the cause, and
# keep it in tests/fuzz/seeds/TARGET, where `make check` replays it.
#
#   tests/fuzz/run.sh build/fuzz/fuzz "image json" 60     targets, minutes each
set -eu
program=$1
all=$(sed -n 's/^TARGET(\(.*\))$/\1/p' tests/fuzz/targets.def)
targets=${2:-$all}
minutes=$3
failed=0
export LSAN_OPTIONS=suppressions=tests/support/lsan.supp:print_suppressions=0

for target in $targets; do
    corpus=build/fuzz/corpus/$target
    log=build/fuzz/$target.log
    dictionary=tests/fuzz/$target.dict
    mkdir -p "$corpus" build/fuzz/found
    printf '%s: %s min\n' "$target" "$minutes"
    # A second on its own; sanitizers and a busy machine take several times that.
    ( AHA_FUZZ=$target "$program" -max_total_time=$((minutes * 60)) \
        -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=512 -max_len=16384 \
        ${dictionary:+$([ -e "$dictionary" ] && echo "-dict=$dictionary")} \
        -artifact_prefix="build/fuzz/found/$target-" -print_final_stats=1 \
        "$corpus" "tests/fuzz/seeds/$target" >"$log" 2>&1
      status=$?
      times
      exit $status ) >"$log.end" || failed=1
    sed -n -e 's/^#[0-9]*.*DONE *\(cov: [0-9]* ft: [0-9]*\).*/  \1/p' \
        -e 's/^stat::number_of_executed_units: */  runs: /p' \
        -e 's/^stat::peak_rss_mb: */  peak MB: /p' \
        -e '/ERROR:\|does not hold/p' "$log"
    sed -n '$s/ .*//;$s/^/  processor time: /p' "$log.end"
done
ls build/fuzz/found 2>/dev/null | sed 's/^/found: /'
exit $failed
