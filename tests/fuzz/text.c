// SPDX-License-Identifier: MIT
/*
 * text.c - what is read as text: the configuration file, the options of a
 * request, its path and the headers that are parsed here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/accept.h"
#include "server/config_file.h"
#include "server/options.h"
#include "server/router.h"
#include "server/trace.h"
#include "tests/fuzz/targets.h"

void fuzz_config(const uint8_t *bytes, size_t n)
{
    char *text = fuzz_text(bytes, n);
    char *said = NULL;
    size_t length = 0;
    FILE *errors = open_memstream(&said, &length);
    struct config_draft draft = {.errors = errors,
                                 .config.config_file = "aha.conf"};
    bool is_read;

    FUZZ_EXPECT(errors != NULL);
    is_read = config_read_text(&draft, text, n);
    (void)fclose(errors);
    FUZZ_EXPECT(is_read == (length == 0));
    /* One sentence, that no terminal acts on. */
    for (size_t i = 0; i < length; i++) {
        FUZZ_EXPECT((unsigned char)said[i] >= ' ' || i == length - 1);
    }
    free(said);
    free(text);
}

/* name=value&name=value, as a query is once it is decoded. */
void fuzz_options(const uint8_t *bytes, size_t n)
{
    char *text = fuzz_text(bytes, n);
    struct aha_options limits = aha_options_default();
    struct request_options options =
        options_default(&limits, n > 0 && bytes[0] % 2 == 1);
    char *rest = text;
    char *pair;

    while ((pair = strsep(&rest, "&")) != NULL) {
        char *value = pair;
        const char *name = strsep(&value, "=");
        char detail[256] = "";

        if (!options_set(&options, name, value, sizeof detail, detail)) {
            FUZZ_EXPECT(detail[0] != '\0');
            break;
        }
        FUZZ_EXPECT(options.photo.max_faces >= 1 &&
                    options.photo.max_faces <= limits.max_faces);
        FUZZ_EXPECT(options.photo.min_face_size >= 1);
        FUZZ_EXPECT(options.photo.detection_threshold > 0 &&
                    options.photo.detection_threshold < 1);
        FUZZ_EXPECT(options.reply.top_k >= 0 &&
                    options.reply.top_k <= AHA_MAX_LABELS);
    }
    free(text);
}

static void find(enum route_listener listener, const char *path)
{
    char name[ROUTE_MAX_NAME];
    enum route route = router_find(listener, path, name);

    FUZZ_EXPECT(route >= 0 && route <= ROUTE_NONE);
    FUZZ_EXPECT(strlen(name) < sizeof name && strchr(name, '/') == NULL);
    if (route != ROUTE_NONE) {
        const struct route_info *info = router_info(route);

        FUZZ_EXPECT(info->listener == listener);
        FUZZ_EXPECT(strchr(info->path, '{') != NULL ||
                    strcmp(info->path, path) == 0);
    }
}

static void accept_header(const char *text)
{
    const unsigned offered = 1U << MEDIA_JSON | 1U << MEDIA_SVG;
    int chosen = accept_choose(text, offered);

    FUZZ_EXPECT(chosen < 0 || (offered >> chosen & 1U) == 1);
}

static void traceparent(const char *text)
{
    struct trace trace;
    char out[TRACE_TEXT];

    trace_begin(&trace, text);
    trace_text(&trace, out);
    FUZZ_EXPECT(strlen(out) == TRACE_TEXT - 1);
    FUZZ_EXPECT(strspn(out, "0123456789abcdef-") == TRACE_TEXT - 1);
}

void fuzz_router(const uint8_t *bytes, size_t n)
{
    char *text = fuzz_text(bytes, n);

    for (int i = 0; i < N_LISTENERS; i++) {
        find((enum route_listener)i, text);
    }
    for (int i = 0; i < ROUTE_NONE; i++) {
        (void)router_allows((enum route)i, text);
    }
    accept_header(text);
    traceparent(text);
    free(text);
}
