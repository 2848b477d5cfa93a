#!/bin/sh
# SPDX-License-Identifier: MIT
# A bill of materials in CycloneDX 1.5: the program, its weights, and each Debian
# package that it loads a file of, with version, licences and purl.
#
#   sbom.sh PROGRAM VERSION [ROOT <PAIRS]
#
# Of this machine, or of a root folder with the descriptions of its packages in
# var/lib/dpkg/status.d: PAIRS then has a line `PACKAGE FILE` each.
set -eu
program=$1
version=$2
root=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One question each for all files and all packages: a question takes dpkg long.
pairs() {
    ldd "$program" | grep -o '/[^ ]*' | xargs readlink -f >"$work/files"
    sed 's|^/usr/lib|/lib|' "$work/files" | cat - "$work/files" |
        xargs dpkg-query -S 2>/dev/null |
        sed -n 's|^\([^:]*\):.* /\(usr/\)\{0,1\}\(lib.*\)$|\1 /usr/\3|p'
}

describe() {
    if [ -n "$root" ]; then
        cd "$root/var/lib/dpkg/status.d" && awk '
            FNR == 1 && name { print name, version, arch, own }
            FNR == 1 { name = version = arch = ""; own = "own" }
            /^Package: / { name = $2 }
            /^Version: / { version = $2 }
            /^Architecture: / { arch = $2 }
            /^Status: / { own = "" }
            END { print name, version, arch, own }' ./*
    else
        # shellcheck disable=SC2016
        cut -d' ' -f1 "$work/pairs" | sort -u | xargs dpkg-query -W \
            -f '${Package} ${Version} ${Architecture}\n'
    fi
}

if [ -n "$root" ]; then cat; else pairs; fi | sort -u >"$work/pairs"
(describe) | sort -u >"$work/packages"

# Names as in the copyright file, which is in Debian's form or not.
licences() {
    awk '
        /^License: *[A-Za-z0-9][A-Za-z0-9.+ -]*$/ {
            sub(/^License: */, ""); named[$0] = 1; n++ }
        match($0, /common-licenses\/[A-Za-z]+(-[0-9.]*[0-9])?/) {
            common[substr($0, RSTART + 16, RLENGTH - 16)] = 1; m++ }
        function row(name) {
            printf "%s{\"license\": {\"name\": \"%s\"}}", k++ ? ", " : "", name
        }
        END {
            if (n) for (name in named) row(name)
            else if (m) for (name in common) row(name)
            else row("as its copyright file says")
        }' "$1"
}

purl() { printf %s "$1" | sed 's/%/%25/g; s/+/%2B/g; s/:/%3A/g'; }
digest() { sha256sum "$1" | cut -c 1-64; }

# package NAME VERSION ARCHITECTURE [own]
package() {
    id="pkg:deb/debian/$(purl "$1")@$(purl "$2")?arch=$3&distro=debian-12"
    printf '  {"type": "library", "bom-ref": "%s", "name": "%s",\n' "$id" "$1"
    printf '   "version": "%s", "purl": "%s",\n' "$2" "$id"
    [ -z "${4:-}" ] || printf '   "pedigree": {"notes": "%s"},\n' \
        "built from Debian's source with fewer image formats"
    printf '   "licenses": [%s],\n   "evidence": {"occurrences": [' \
        "$(licences "$root/usr/share/doc/$1/copyright")"
    awk -v package="$1" '$1 == package {
        printf "%s{\"location\": \"%s\"}", n++ ? ", " : "", $2 }' "$work/pairs"
    printf ']}}'
}

# own TYPE NAME VERSION LICENCE FILE LOCATION
own() {
    printf '{"type": "%s", "bom-ref": "aha:%s", "name": "%s",\n' "$1" "$2" "$2"
    printf '   "version": "%s", "licenses": [{"license": {"id": "%s"}}],\n' \
        "$3" "$4"
    printf '   "hashes": [{"alg": "SHA-256", "content": "%s"}],\n' \
        "$(digest "$5")"
    printf '   "evidence": {"occurrences": [{"location": "%s"}]}}' "$6"
}

# said KEY FILE: a text of a weight file's header
said() {
    head -c 4096 "$2" | grep -ao "\"$1\":\"[A-Za-z0-9.+-]*\"" | head -1 |
        cut -d'"' -f4
}

models=$root/usr/share/aha/models
place=/usr/share/aha/models
[ -n "$root" ] || { models=models && place=models; }
printf '{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,\n'
printf ' "metadata": {"component":\n  '
own application aha "$version" MIT "$program" "${program#"$root"}"
printf '},\n "components": ['
comma=
for file in "$models"/*.safetensors; do
    printf '%s\n  ' "$comma"
    own machine-learning-model "$(basename "$file" .safetensors)" \
        "$(said version "$file")" "$(said license "$file")" "$file" \
        "$place/$(basename "$file")"
    comma=,
done
while read -r name version arch own; do
    printf '%s\n' "$comma"
    package "$name" "$version" "$arch" "$own"
done <"$work/packages"
printf '\n ]}\n'
