#!/bin/sh
# SPDX-License-Identifier: MIT
# Build and install libvips from Debian's source package, with Debian's patches
# and version, but with the image formats that AHA decodes and no other: the
# packaged one is linked against some ninety libraries (SVG, PDF, MATLAB, FITS,
# OpenEXR, fonts). For a container's build stage, as root.
set -eu
export DEBIAN_FRONTEND=noninteractive

sed -i 's/^Types: deb$/Types: deb deb-src/' \
    /etc/apt/sources.list.d/debian.sources
apt-get -q update
apt-get -qy install --no-install-recommends gcc g++ libc6-dev make pkg-config \
    dpkg-dev meson libglib2.0-dev libexpat1-dev libjpeg62-turbo-dev libpng-dev \
    libwebp-dev libtiff-dev libheif-dev liblcms2-dev libexif-dev

mkdir -p /src/vips
cd /src/vips
apt-get -q source vips
cd vips-*/
triple=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
meson setup build --buildtype=release --strip --prefix=/usr \
    --libdir="lib/$triple" --auto-features=disabled -Dintrospection=false \
    -Dcplusplus=false -Dexamples=false -Dppm=false -Danalyze=false \
    -Dradiance=false -Ddeprecated=false -Dheif-module=disabled \
    -Djpeg=enabled -Dpng=enabled -Dwebp=enabled -Dtiff=enabled \
    -Dheif=enabled -Dlcms=enabled -Dexif=enabled -Dzlib=enabled
ninja -C build install
# What the image says of itself: the package whose source this is.
apt-cache show "libvips42=$(dpkg-parsechangelog -S Version)" \
    >/src/vips/status
cp debian/copyright /src/vips/copyright
