#!/bin/sh
# SPDX-License-Identifier: MIT
# The Debian packages: built, judged by lintian, installed in a clean chroot,
# where the service's program answers a photo; and taken away again.
#
#   tests/package.sh            as root, with debhelper, lintian, debootstrap
#   BASE=DIR tests/package.sh   copy DIR instead of running debootstrap
set -eu
cd "$(dirname "$0")/.."
photo=$PWD/tests/data/astronaut.jpg
work=$(mktemp -d)
root=$work/root
daemon=""

finish() {
    status=$?
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    umount "$root/proc" 2>/dev/null || true
    rm -rf --one-file-system "$work"
    [ $status -ne 0 ] || echo "package: all is well"
    exit $status
}
trap finish EXIT
say() { echo "package: $*"; }

say "building"
mkdir "$work/aha"
git ls-files -z | xargs -0 cp --parents -t "$work/aha"
(cd "$work/aha" && dpkg-buildpackage -us -uc -b) >"$work/log" 2>&1 ||
    { tail -50 "$work/log"; exit 1; }
ls -l "$work"/*.deb

say "lintian"
lintian --allow-root --fail-on error "$work"/*.changes

say "installing in a clean chroot"
if [ -n "${BASE:-}" ]; then
    cp -a "$BASE" "$root"
else
    debootstrap --variant=minbase bookworm "$root" >"$work/log" 2>&1 ||
        { tail -20 "$work/log"; exit 1; }
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$work"/*.deb "$root/tmp"
mount -t proc proc "$root/proc"
before=$(du -smx "$root" | cut -f 1)
in_root() { DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
{
    in_root apt-get -q update
    in_root sh -c 'apt-get -qy install --no-install-recommends /tmp/*.deb'
    in_root apt-get clean
} >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
say "the chroot grew from $before to $(du -smx "$root" | cut -f 1) MB"

say "the service's program, as nobody"
command=$(sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/aha.service")
conf=$(sed -n 's/^Environment=//p' "$root/lib/systemd/system/aha.service")
# shellcheck disable=SC2086
chroot --userspec=nobody:nogroup "$root" env -C / "$conf" \
    $command --port 0 --admin-port 0 --log-format json 2>"$work/log" &
daemon=$!
for _ in $(seq 300); do
    grep -q '"listening on' "$work/log" && break
    sleep 0.2
done
url=$(sed -n 's/.*"listening on \(http[^"]*\)".*/\1/p' "$work/log")
answer=$(curl -sS --fail --data-binary "@$photo" "$url/v1/analyze") ||
    { tail -5 "$work/log"; exit 1; }
echo "$answer" | grep -o '"label":"[a-z]*"' | head -1 |
    grep -x '"label":"happiness"'
kill "$daemon"
wait "$daemon"
daemon=""

say "taking it away"
in_root apt-get -qy purge aha libaha1 libaha-dev >"$work/log" 2>&1 ||
    { tail -20 "$work/log"; exit 1; }
left=$(find "$root/usr" "$root/etc" "$root/lib/systemd" -name '*aha*' | head)
[ -z "$left" ] || { echo "left: $left"; exit 1; }
