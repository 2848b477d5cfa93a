#!/bin/bash
# SPDX-License-Identifier: MIT
# The program for 64-bit ARM: cross-compiled against Debian's arm64 libraries,
# which are only unpacked, and run by qemu's user emulation. Its answer to a
# photo has to be that of the program built here, but for the last digits.
#
#   AHA=build/release/aha tests/arm64.sh
set -euo pipefail
cd "$(dirname "$0")/.."
aha=${AHA:-build/release/aha}
out=build/arm64
root=$PWD/$out/root
libraries=$root/usr/lib/aarch64-linux-gnu
photo=tests/data/astronaut.jpg

mkdir -p "$out"
[ -d "$root" ] || {
    mmdebstrap --quiet --variant=extract --arch=arm64 --include="$(echo \
        libc6-dev libmicrohttpd-dev libjansson-dev libvips-dev \
        libopenblas-pthread-dev libgnutls28-dev libseccomp-dev | tr ' ' ,)" \
        bookworm "$root.part"
    mv "$root.part" "$root"
}
export PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_LIBDIR=$libraries/pkgconfig:$root/usr/share/pkgconfig
blas=aarch64-linux-gnu/openblas-pthread
make DEPS=no CURL=no BUILD="$out" CC=aarch64-linux-gnu-gcc \
    CFLAGS="--sysroot=$root -isystem $root/usr/include/$blas" \
    LDFLAGS="--sysroot=$root -L$root/usr/lib/$blas \
        -Wl,-rpath-link,$libraries:$root/usr/lib/$blas" "$out/aha"

arm() {
    qemu-aarch64-static -L "$root" \
        -E "LD_LIBRARY_PATH=$libraries:$root/usr/lib/$blas" "$out/aha" "$@"
}
arm version --models models
arm predict --ndjson --min-face-size 80 $photo >$out/arm64.json
"$aha" predict --ndjson --min-face-size 80 $photo >$out/here.json
python3 - $out/arm64.json $out/here.json <<'PYTHON'
import json
import sys

arm64, here = (json.load(open(path))["faces"] for path in sys.argv[1:])
assert len(arm64) == len(here) == 1
assert arm64[0]["box"] == here[0]["box"]
for label, value in here[0]["expression"]["probabilities"].items():
    found = arm64[0]["expression"]["probabilities"][label]
    print(f"{label:10} {found:.9f}  {found - value:+.1e}")
    assert abs(found - value) < 1e-5
PYTHON
echo "1 passed, 0 failed"
