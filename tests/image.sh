#!/bin/bash
# SPDX-License-Identifier: MIT
# The container image without a container engine: a base made by debootstrap, a
# build and a run by buildah in plain chroots. Asks the image over HTTP, and
# holds its answers to those of the program built here. As root.
#
#   AHA=build/release/aha tests/image.sh
set -euo pipefail
cd "$(dirname "$0")/.."
aha=${AHA:-build/release/aha}
base=docker.io/library/debian:bookworm-slim
image=localhost/aha:test
work=$(mktemp -d)
container=
daemon=
clean() {
    [ -z "$daemon" ] || { kill "$daemon" && wait "$daemon"; } || true
    for mounted in "$work/root/proc" "$work/root"; do
        ! mountpoint -q "$mounted" || umount "$mounted"
    done
    [ -z "$container" ] || buildah rm "$container" >/dev/null
    rm -rf "$work"
}
trap clean EXIT

say() { printf '== %s\n' "$*"; }
fail() {
    echo "image: $*" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || fail "this wants root, for chroots and mounts"

# ---- the base, as the official one: minimal, its sources in one file
if ! podman image exists "$base"; then
    say "base"
    debootstrap --variant=minbase bookworm "$work/base" \
        >"$work/log" || { tail -20 "$work/log" >&2; exit 1; }
    rm -rf "$work"/base/var/cache/apt/archives/*.deb \
        "$work"/base/var/lib/apt/lists/*
    mirror=$(awk '$1 == "deb" { print $2 }' "$work/base/etc/apt/sources.list")
    rm "$work/base/etc/apt/sources.list"
    for source in "$mirror bookworm bookworm-updates" \
        "$mirror-security bookworm-security"; do
        printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' \
            "${source%% *}" "${source#* }"
        printf 'Signed-By: %s\n\n' \
            /usr/share/keyrings/debian-archive-keyring.gpg
    done >"$work/base/etc/apt/sources.list.d/debian.sources"
    tar -C "$work/base" -c . | podman import -q - "$base"
    rm -rf "$work/base"
fi

say "build"
start=$SECONDS
buildah build --isolation chroot --format docker --layers -t "$image" . \
    >"$work/log" 2>&1 || { tail -40 "$work/log" >&2; exit 1; }
echo "$((SECONDS - start)) s"

# ---- what it is
say "contents"
config() { buildah inspect --type image -f "{{.Docker.Config.$1}}" "$image"; }
[ "$(config User)" = 65532:65532 ] || fail "user: $(config User)"
[ "$(config StopSignal)" = SIGTERM ] || fail "signal: $(config StopSignal)"
[ "$(config Entrypoint)" = "[/usr/bin/aha]" ] || fail "$(config Entrypoint)"
[ "$(config Healthcheck.Test)" = "[CMD /usr/bin/aha health]" ] ||
    fail "$(config Healthcheck.Test)"
config Labels | grep -q org.opencontainers.image.licenses:MIT || fail "labels"

container=$(buildah from "$image")
root=$(buildah mount "$container")
for absent in bin/sh usr/bin/sh usr/bin/dpkg usr/bin/apt-get; do
    [ ! -e "$root/$absent" ] || fail "$absent is in it"
done
odd=$(find "$root" ! -user 0 -o -perm /6000 -o ! -type l -perm /022)
[ -z "$odd" ] || fail "set-user-ID, writable or not root's: $odd"
for described in "$root"/var/lib/dpkg/status.d/*; do
    package=$(basename "$described")
    [ -s "$root/usr/share/doc/$package/copyright" ] ||
        fail "no licence of $package"
done
python3 tests/sbom.py "$root/usr/share/doc/aha/sbom.cdx.json" \
    "$root/usr/bin/aha" "$root"
bytes=$(podman image inspect -f '{{.Size}}' "$image")
echo "$((bytes / 1000000)) MB, all of it: it stands on no base"
[ "$bytes" -lt 120000000 ] || fail "that is over 120 MB"

# ---- what it answers, in every format, next to the program built here
say "photos"
mkdir "$work/data"
cp tests/data/*.jpg tests/data/*.png tests/data/*.webp tests/data/*.gif \
    tests/data/*.tiff tests/data/*.heic tests/data/*.avif "$work/data"
rm "$work/data/huge.png" # refused for its size
chmod 755 "$work" "$work/data"
chmod 644 "$work"/data/*
buildah run --isolation chroot -v "$work/data:/data:ro" "$container" -- \
    /usr/bin/aha version
photos() { (cd "$1" && printf '/data/%s\n' *); }
# Some have no face, which is an answer too.
# shellcheck disable=SC2046
buildah run --isolation chroot -v "$work/data:/data:ro" "$container" -- \
    /usr/bin/aha predict --ndjson $(photos "$work/data") |
    sed 's|"timing_ms":{[^}]*}||' >"$work/image"
# shellcheck disable=SC2046
"$aha" predict --ndjson $(photos "$work/data" | sed "s|^|$work|") |
    sed "s|$work||; s|\"timing_ms\":{[^}]*}||" >"$work/here"
diff -q "$work/here" "$work/image" || fail "it answers otherwise than $aha"
! grep '"error"' "$work/image" || fail "it cannot read them all"
grep -q '"label":"happiness"' "$work/image" || fail "no face was answered"
echo "$(wc -l <"$work/image") photos answered as by $aha"

# ---- the service, by nobody, on a root that nobody can write to
say "HTTP, read-only, user 65532"
mkdir -p "$work/root" "$root/proc"
mount --bind "$root" "$work/root"
mount -o remount,bind,ro "$work/root"
mount -t proc proc "$work/root/proc"
! touch "$work/root/written" 2>"$work/log" || fail "the root can be written to"
chroot --userspec=65532:65532 --groups= "$work/root" /usr/bin/aha serve \
    --bind 127.0.0.1 --port 0 --admin-port 0 --log-format json \
    --request-timeout-ms 60000 \
    2>"$work/log" &
daemon=$!
url_of() { grep -o "$1 on http://[0-9.:]*" "$work/log" | cut -d' ' -f3; }
for _ in $(seq 300); do
    [ -z "$(url_of listening)" ] || break
    kill -0 "$daemon" || { cat "$work/log" >&2; exit 1; }
    sleep 0.1
done
[ "$(awk '/^Uid/ { print $2 }' "/proc/$daemon/status")" = 65532 ] ||
    fail "it runs as another user"
chroot --userspec=65532:65532 --groups= "$work/root" /usr/bin/aha health \
    --url "$(url_of admin)/readyz" || fail "it is not healthy"
curl -sS --fail-with-body -H 'Content-Type: image/jpeg' \
    --data-binary @tests/data/astronaut.jpg \
    "$(url_of listening)/v1/analyze" >"$work/answer" ||
    fail "$(cat "$work/answer")"
grep -o '"label":"happiness"' "$work/answer" | head -1
kill "$daemon"
wait "$daemon" || fail "SIGTERM: exit status $?"
daemon=
echo "1 passed, 0 failed"
