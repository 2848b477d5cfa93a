#!/bin/sh
# SPDX-License-Identifier: MIT
# Make the root folder of the image: the program and the weights, the shared
# objects that it loads, each package's licence and description (where security
# scanners look for them), a user. For a container's build stage, as root, in
# the project's folder with the program built.
#
#   root.sh DEST
set -eu
dest=$1
program=$dest/usr/bin/aha

# As Debian has it: /lib is /usr/lib.
for name in lib lib64; do
    [ ! -L "/$name" ] || {
        mkdir -p "$dest/usr/$name"
        ln -s "usr/$name" "$dest/$name"
    }
done

# describe PACKAGE STATUS COPYRIGHT
describe() {
    mkdir -p "$dest/var/lib/dpkg/status.d" "$dest/usr/share/doc/$1"
    cp "$2" "$dest/var/lib/dpkg/status.d/$1"
    cp -L "$3" "$dest/usr/share/doc/$1/copyright"
}

install -Ds build/release/aha "$program"
install -Dm644 -t "$dest/usr/share/aha/models" models/*.safetensors
install -Dm644 -t "$dest/usr/share/doc/aha" LICENSE NOTICE models/*.txt

packages="base-files"
for file in $(ldd "$program" | grep -o '/[^ ]*'); do
    mkdir -p "$dest$(dirname "$file")"
    cp -L "$file" "$dest$file"
    name=$(basename "$(readlink -f "$file")")
    case "$name" in
    libvips.so.*) describe libvips42 /src/vips/status /src/vips/copyright ;;
    *) packages="$packages $(dpkg-query -S "*/$name" | cut -d: -f1)" ;;
    esac
done
# shellcheck disable=SC2086
for package in $(printf '%s\n' $packages | sort -u); do
    dpkg-query -s "$package" >/tmp/status
    describe "$package" /tmp/status "/usr/share/doc/$package/copyright"
done

mkdir -p "$dest/etc"
cp -L /etc/os-release "$dest/etc/os-release"
echo 'aha:x:65532:65532:AHA:/nonexistent:/nonexistent' >"$dest/etc/passwd"
echo 'aha:x:65532:' >"$dest/etc/group"
