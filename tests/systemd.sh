#!/bin/sh
# SPDX-License-Identifier: MIT
# Boot the systemd of a chroot in namespaces of its own, where /try.service runs
# as its last unit; nothing outside sees it. For tests/package.sh, which calls
#
#   unshare --pid --fork --mount --uts --ipc --net --cgroup --kill-child \
#       tests/systemd.sh ROOT
set -eu
root=$1
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
for folder in pts shm mqueue hugepages; do
    mkdir "$root/dev/$folder"
done
mount -t devpts devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t mqueue mqueue "$root/dev/mqueue"
ip link set lo up
cd "$root"
mkdir -p old
pivot_root . old
umount -l old
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd
