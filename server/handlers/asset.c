// SPDX-License-Identifier: MIT
#include "server/handlers/asset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aha/digest.h"

#include "server/server.h"

enum { ETAG_TEXT = 24 }; /* quotes and 16 digits of the digest */

/* The assembler puts each file between two symbols. */
#define ASSET(id, file, type)                                                  \
    __asm__(".section .rodata\n"                                               \
            ".balign 16\n"                                                     \
            "asset_" #id ":\n"                                                 \
            ".incbin \"" file "\"\n"                                           \
            "asset_" #id "_end:\n"                                             \
            ".byte 0\n"                                                        \
            ".previous\n");                                                    \
    extern const char asset_##id[] __attribute__((visibility("hidden")));      \
    extern const char asset_##id##_end[] __attribute__((visibility("hidde"     \
                                                                   "n")));
#include "server/handlers/assets.def"
#undef ASSET

enum asset_id {
#define ASSET(id, file, type) ASSET_##id,
#include "server/handlers/assets.def"
#undef ASSET
    N_ASSETS,
};

static const struct asset {
    const char *file;
    const char *type;
    const char *bytes;
    const char *end;
} rows[N_ASSETS] = {
#define ASSET(id, file_, type_) {file_, type_, asset_##id, asset_##id##_end},
#include "server/handlers/assets.def"
#undef ASSET
};

struct assets {
    char etags[N_ASSETS][ETAG_TEXT];
};

struct assets *assets_create(void)
{
    struct assets *assets = calloc(1, sizeof *assets);

    for (int i = 0; assets != NULL && i < N_ASSETS; i++) {
        char hex[AHA_SHA256_HEX];

        aha_sha256_hex(rows[i].bytes, (size_t)(rows[i].end - rows[i].bytes),
                       hex);
        (void)snprintf(assets->etags[i], ETAG_TEXT, "\"%.16s\"", hex);
    }
    return assets;
}

void assets_destroy(struct assets *assets)
{
    free(assets);
}

/* Which one a /web/NAME is, or -1. Pages have addresses of their own. */
static int find(const char *name)
{
    static const char folder[] = "web/";

    for (int i = ASSET_style_css; i < N_ASSETS; i++) {
        if (strncmp(rows[i].file, folder, sizeof folder - 1) == 0 &&
            strcmp(rows[i].file + sizeof folder - 1, name) == 0) {
            return i;
        }
    }
    return -1;
}

static int choose(const struct job *job)
{
    switch (job->route) {
    case ROUTE_PAGE:
        return ASSET_index_html;
    case ROUTE_DOCS:
        return ASSET_docs_html;
    case ROUTE_OPENAPI_YAML:
        return ASSET_openapi_yaml;
    case ROUTE_OPENAPI_JSON:
        return ASSET_openapi_json;
    default:
        return find(job->name);
    }
}

/* If-None-Match: a list of tags, perhaps weak ones, or *. */
static bool is_known(const char *tags, const char *etag)
{
    return tags != NULL &&
           (strcmp(tags, "*") == 0 || strstr(tags, etag) != NULL);
}

bool asset_answer(struct job *job)
{
    int i;

    if (job->route != ROUTE_PAGE && job->route != ROUTE_DOCS &&
        job->route != ROUTE_OPENAPI_YAML && job->route != ROUTE_OPENAPI_JSON &&
        job->route != ROUTE_ASSET) {
        return false;
    }
    i = choose(job);
    if (i < 0) {
        failure_set(&job->failure, PROBLEM_NOT_FOUND,
                    "There is no file of this name.");
        return true;
    }
    job->etag = job->server->assets->etags[i];
    job->is_page = job->route == ROUTE_PAGE || job->route == ROUTE_DOCS;
    if (is_known(job->if_none_match, job->etag)) {
        job->success = 304; /* its Content-Length is that of a 200 */
    }
    job->reply_static = rows[i].bytes;
    job->n_reply = (size_t)(rows[i].end - rows[i].bytes);
    job->content_type = rows[i].type;
    return true;
}
