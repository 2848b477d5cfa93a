// SPDX-License-Identifier: MIT
#include "server/trace.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "server/thread.h"

enum {
    ID_DIGITS = TRACE_ID_TEXT - 1,
    SPAN_DIGITS = TRACE_SPAN_TEXT - 1,
    /* where each field of VERSION-ID-SPAN-FLAGS begins */
    AT_ID = 3,
    AT_SPAN = AT_ID + ID_DIGITS + 1,
    AT_FLAGS = AT_SPAN + SPAN_DIGITS + 1,
    HEADER_LENGTH = AT_FLAGS + 2,
    FLAG_SAMPLED = 1,
    FLAG_RANDOM = 2,
};

/* Value of a lower-case digit; the standard knows no other; -1: it is none. */
static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static int byte_at(const char *text)
{
    int high = digit(text[0]);
    int low = digit(text[1]);

    return high < 0 || low < 0 ? -1 : 16 * high + low;
}

/* n digits, not all of them zero */
static bool is_id(const char *text, int n)
{
    bool is_zero = true;

    for (int i = 0; i < n; i++) {
        if (digit(text[i]) < 0) {
            return false;
        }
        is_zero = is_zero && text[i] == '0';
    }
    return !is_zero;
}

/* @return the flags of a valid header, or -1 */
static int check(const char *header)
{
    int version;

    if (strnlen(header, HEADER_LENGTH) < HEADER_LENGTH ||
        header[AT_ID - 1] != '-' || header[AT_SPAN - 1] != '-' ||
        header[AT_FLAGS - 1] != '-') {
        return -1;
    }
    version = byte_at(header);
    /* A later version may say more, after a dash; ff never is a version. */
    if (version < 0 || version == 0xff ||
        (header[HEADER_LENGTH] != '\0' &&
         (version == 0 || header[HEADER_LENGTH] != '-')) ||
        !is_id(header + AT_ID, ID_DIGITS) ||
        !is_id(header + AT_SPAN, SPAN_DIGITS)) {
        return -1;
    }
    /* Of a later version's flags only the sampled one is known. */
    return version == 0 || byte_at(header + AT_FLAGS) < 0
               ? byte_at(header + AT_FLAGS)
               : byte_at(header + AT_FLAGS) & FLAG_SAMPLED;
}

static void random_digits(char *out, int n)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t random[ID_DIGITS / 2] = {0};

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        double now_ms = thread_now_ms();

        /* Never on Linux once booted; an id only has to differ in practice. */
        memcpy(random, &now_ms, sizeof now_ms);
    }
    random[0] |= (uint8_t)(random[0] == 0); /* all zero would be invalid */
    for (int i = 0; i < n; i++) {
        out[i] = hex[random[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    }
    out[n] = '\0';
}

void trace_begin(struct trace *trace, const char *header)
{
    int flags = header == NULL ? -1 : check(header);

    *trace = (struct trace){.is_random = true};
    random_digits(trace->span, SPAN_DIGITS);
    if (flags < 0) {
        random_digits(trace->id, ID_DIGITS);
        return;
    }
    memcpy(trace->id, header + AT_ID, ID_DIGITS);
    memcpy(trace->parent, header + AT_SPAN, SPAN_DIGITS);
    trace->is_sampled = (flags & FLAG_SAMPLED) != 0;
    trace->is_random = (flags & FLAG_RANDOM) != 0;
}

void trace_text(const struct trace *trace, char out[TRACE_TEXT])
{
    (void)snprintf(out, TRACE_TEXT, "00-%s-%s-%02x", trace->id, trace->span,
                   (trace->is_sampled ? FLAG_SAMPLED : 0U) |
                       (trace->is_random ? FLAG_RANDOM : 0U));
}
