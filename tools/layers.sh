#!/bin/sh
# SPDX-License-Identifier: MIT
# The layering of README's tour, enforced: who may include whom, which library
# belongs to which files, and what the library may not do behind one's back.
#
#   tools/layers.sh build/release/libaha.a
set -eu
failed=0

# forbid FILES... -- PATTERN MESSAGE: no file may match
forbid() {
    files=""
    while [ "$1" != "--" ]; do
        [ -e "$1" ] && files="$files $1"
        shift
    done
    # shellcheck disable=SC2086
    if [ -n "$files" ] && grep -nE "$2" $files /dev/null; then
        echo "layers: $3" >&2
        failed=1
    fi
}

# only PATTERN MESSAGE FILES...: nowhere but in these files
only() {
    pattern=$1
    message=$2
    shift 2
    allowed=$(printf '%s\n' "$@")
    for file in $(grep -lrE "$pattern" include core server cli \
        --include='*.[ch]' || true); do
        if ! printf '%s\n' "$allowed" | grep -qxF "$file"; then
            echo "layers: $file: $message" >&2
            failed=1
        fi
    done
}

forbid server/*.[ch] server/*/*.[ch] cli/*.[ch] -- '#include "core/' \
    'server and cli see core only through include/aha'
forbid core/*.[ch] core/*/*.[ch] include/aha/*.h -- '#include "(server|cli)/' \
    'core knows nothing of server and cli'
forbid core/vision/*.[ch] -- '#include "core/model/' 'vision never sees model'
forbid core/model/*.[ch] -- '#include "core/vision/' 'model never sees vision'
forbid core/picture/*.[ch] -- '#include "core/([^ap]|pipeline)' \
    'picture knows the public structs alone'
forbid core/*.[ch] core/[!p]*/*.[ch] -- '#include "core/picture/' \
    'pictures are drawn of what core has finished'
forbid core/ops/*.[ch] core/kernel/*.[ch] -- \
    '#include "core/(graph|model|vision|pipeline)' 'ops sit below graph'

only '#include [<"]vips/' 'libvips belongs to decoder.c and encode.c' \
    core/vision/decoder.c core/vision/encode.c
only '#include [<"]glib' 'GLib belongs to core/digest.c' core/digest.c
only '#include [<"]cblas' 'OpenBLAS belongs to core/blas.c' core/blas.c
only '#include [<"]jansson' 'Jansson belongs to document.c, reply, parse, reports' \
    core/document.c server/reply.c server/reply_face.c server/reply_about.c \
    server/reply_tensor.c server/reply_json.h server/parse.c \
    server/parse_tensor.c server/parse_json.h server/jansson_guard.c \
    cli/evaluate_json.c cli/bench_report.c
only '#include [<"]curl/' 'libcurl belongs to cli/load.c' cli/load.c
only '#include [<"]gnutls/' 'GnuTLS belongs to server/tls.c' server/tls.c
only '#include [<"]microhttpd' 'libmicrohttpd belongs to http and body' \
    server/http.c server/http_head.c server/http_answer.c \
    server/http_answer.h server/http_message.c server/http_stream.c \
    server/body.c

only '#include [<"]seccomp' 'libseccomp belongs to server/seal_calls.c' \
    server/seal_calls.c

for symbol in $(nm -u "$1" | awk '$1 == "U" { print $2 }' | sort -u); do
    case "$symbol" in
    MHD_* | printf | fprintf | puts | exit | abort | pthread_create)
        echo "layers: libaha.a uses $symbol" >&2
        failed=1
        ;;
    esac
done
exit $failed
