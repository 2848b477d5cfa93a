// SPDX-License-Identifier: MIT
#include "server/accept.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const names[N_MEDIA] = {
    [MEDIA_JSON] = "application/json",
    [MEDIA_NDJSON] = "application/x-ndjson",
    [MEDIA_PNG] = "image/png",
    [MEDIA_WEBP] = "image/webp",
    [MEDIA_SVG] = "image/svg+xml",
    [MEDIA_OCTETS] = "application/octet-stream",
};

const char *media_name(enum media media)
{
    return names[media];
}

/* One element of the header, without spaces at its ends. */
struct range {
    const char *text;
    size_t n;       /* of type/subtype */
    double quality; /* 0 to 1 */
};

static double quality_of(const char *text, const char *end)
{
    for (; text < end; text++) {
        const char *at = text + 1 + strspn(text + 1, " \t");

        if (*text == ';' && at + 1 < end && (at[0] == 'q' || at[0] == 'Q') &&
            at[1] == '=') {
            double value = strtod(at + 2, NULL);

            return value >= 0 && value <= 1 ? value : 0;
        }
    }
    return 1;
}

/* @return where the next element begins, or NULL at the end */
static const char *next_range(const char *text, struct range *out)
{
    const char *end;

    text += strspn(text, " \t,");
    if (*text == '\0') {
        return NULL;
    }
    end = text + strcspn(text, ",");
    out->text = text;
    out->n = strcspn(text, ",; \t");
    out->quality = quality_of(text, end);
    return end;
}

/* 3 for the very type, 2 for type/\*, 1 for anything, 0 for no match. */
static int fit(const struct range *range, const char *name)
{
    size_t type = strcspn(name, "/") + 1;

    if (range->n == strlen(name) &&
        strncasecmp(range->text, name, range->n) == 0) {
        return 3;
    }
    if (range->n == type + 1 && range->text[type] == '*' &&
        strncasecmp(range->text, name, type) == 0) {
        return 2;
    }
    return range->n == 3 && memcmp(range->text, "*/*", 3) == 0 ? 1 : 0;
}

/* The quality that the most specific fitting range gives a type. */
static double preference(const char *header, const char *name)
{
    struct range range;
    double quality = 0;
    int best = 0;

    while ((header = next_range(header, &range)) != NULL) {
        int fits = fit(&range, name);

        if (fits > best) {
            best = fits;
            quality = range.quality;
        }
    }
    return quality;
}

int accept_choose(const char *header, unsigned offered)
{
    double most = 0;
    int chosen = -1;

    for (int m = 0; m < N_MEDIA; m++) {
        double quality;

        if ((offered & (1U << m)) == 0) {
            continue;
        }
        quality = header == NULL || header[0] == '\0'
                      ? 1
                      : preference(header, names[m]);
        if (quality > most) {
            most = quality;
            chosen = m;
        }
    }
    return chosen;
}
