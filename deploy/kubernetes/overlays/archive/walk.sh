#!/bin/sh
# SPDX-License-Identifier: MIT
# Answer every SHARDS-th photo of a folder tree, beginning with number
# JOB_COMPLETION_INDEX (from 0): a JSON line a photo, in ANSWERS/INDEX.ndjson.
# The file appears when it is whole. Photos that cannot be answered have a line
# with their error; names with a line break in them are left out.
#
# The tree must not change between the shards' starts. Runs in BusyBox.
set -euo pipefail
photos=${PHOTOS:-/photos}
out=${ANSWERS:-/answers}/$JOB_COMPLETION_INDEX.ndjson
program=${AHA:-/usr/bin/aha}

if [ -e "$out" ]; then
    echo "$out is there already." >&2
    exit 0
fi

find "$photos" -type f ! -name '*
*' \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.png' -o -iname '*.webp' \) |
    sort | awk -v n="$SHARDS" -v i="$JOB_COMPLETION_INDEX" \
    '(NR - 1) % n == i' >"$out.list"

# 123: some photo could not be answered, and its line says so.
tr '\n' '\0' <"$out.list" |
    xargs -0 -r -n 500 "$program" predict --ndjson >"$out.part" || [ $? -eq 123 ]

if [ "$(wc -l <"$out.part")" -ne "$(wc -l <"$out.list")" ]; then
    echo "Of $(wc -l <"$out.list") photos $(wc -l <"$out.part") have a line." >&2
    exit 1
fi
mv "$out.part" "$out"
rm "$out.list"
