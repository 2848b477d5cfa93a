#!/bin/sh
# SPDX-License-Identifier: MIT
# Make the root folder of the image: the program and the weights, the shared
# objects that it loads, each package's licence and description (where security
# scanners look for them), a bill of materials, a user. For a container's build stage, as root, in
# the project's folder with the program built.
#
#   root.sh DEST VERSION
set -eu
dest=$1
version=$2
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

pairs=/tmp/pairs
echo base-files /etc/os-release >$pairs
for file in $(ldd "$program" | grep -o '/[^ ]*'); do
    mkdir -p "$dest$(dirname "$file")"
    cp -L "$file" "$dest$file"
    name=$(basename "$(readlink -f "$file")")
    case "$name" in
    libvips.so.*) package=libvips42 ;;
    *) package=$(dpkg-query -S "*/$name" | cut -d: -f1 | head -1) ;;
    esac
    echo "$package $file" >>$pairs
done
describe libvips42 /src/vips/status /src/vips/copyright
for package in $(cut -d' ' -f1 $pairs | grep -vx libvips42 | sort -u); do
    dpkg-query -s "$package" >/tmp/status
    describe "$package" /tmp/status "/usr/share/doc/$package/copyright"
done

mkdir -p "$dest/etc"
cp -L /etc/os-release "$dest/etc/os-release"
echo 'aha:x:65532:65532:AHA:/nonexistent:/nonexistent' >"$dest/etc/passwd"
echo 'aha:x:65532:' >"$dest/etc/group"
tools/sbom.sh "$program" "$version" "$dest" <$pairs >/tmp/sbom
install -Dm644 /tmp/sbom "$dest/usr/share/doc/aha/sbom.cdx.json"
