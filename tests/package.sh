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
group=$(findmnt -n -o TARGET -t cgroup2 | head -1)/aha-package-test
daemon=""

finish() {
    status=$?
    [ -z "$daemon" ] || kill -KILL "$daemon" 2>/dev/null || true
    [ ! -d "$group" ] || { sleep 1; find "$group" -depth -type d -delete; }
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

say "the unit, by systemd in namespaces of its own"
cp "$photo" "$root/photo.jpg"
cat >"$root/etc/systemd/system/try.service" <<'END'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
StandardOutput=file:/try.log
StandardError=file:/try.log
ExecStart=/bin/sh -x /try.sh
END
cat >"$root/try.sh" <<'END'
for _ in $(seq 60); do
    [ "$(systemctl is-active aha)" = activating ] || break
    sleep 1
done
systemctl status --no-pager aha
ask() { curl -sS --data-binary @/photo.jpg http://127.0.0.1:8080/v1/analyze; }
ask | grep -q '"label":"happiness"' && echo answered
curl -sS http://127.0.0.1:8080/v1/info | grep -o '"seals":{[^}]*}'
systemctl reload aha && ask | grep -q '"label":"happiness"' && echo reloaded
grep -c '^CapBnd:.0*$\|^Seccomp:.2$\|^NoNewPrivs:.1$' \
    "/proc/$(systemctl show -p MainPID --value aha)/status"
systemctl stop aha && systemctl show -p Result aha
echo finished
END
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../try.service "$root/etc/systemd/system/multi-user.target.wants/"
{
    in_root apt-get -qy install --no-install-recommends systemd-sysv curl
} >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
umount "$root/proc"
mkdir "$group"
sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' - "$group" \
    unshare --pid --fork --mount --uts --ipc --net --cgroup \
    --kill-child tests/systemd.sh "$root" >"$work/log" 2>&1 &
daemon=$!
for _ in $(seq 240); do
    grep -qx finished "$root/try.log" 2>/dev/null && break
    sleep 1
done
kill -KILL "$daemon" 2>/dev/null || true
wait "$daemon" || true
daemon=""
sealed='"seals":{"privileges":true,"memory":true,"files":true,"calls":true,"decoders":false}'
for word in answered "$sealed" reloaded 3 Result=success finished; do
    grep -qx "$word" "$root/try.log" ||
        { echo "not '$word':"; tail -40 "$root/try.log"; exit 1; }
done

say "taking it away"
mount -t proc proc "$root/proc"
in_root apt-get -qy purge aha libaha1 libaha-dev >"$work/log" 2>&1 ||
    { tail -20 "$work/log"; exit 1; }
left=$(find "$root/usr" "$root/etc" "$root/lib/systemd" \
    \( -name 'aha*' -o -name 'libaha*' \) | head)
[ -z "$left" ] || { echo "left: $left"; exit 1; }
