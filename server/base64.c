// SPDX-License-Identifier: MIT
#include "server/base64.h"

#include <stdint.h>
#include <string.h>

/* The alphabet in runs of neighbours: a character's value plus one, so that
 * whatever is not named is 0. */
#define RUN2(c, v) [(c)] = (v), [(c) + 1] = (v) + 1
#define RUN8(c, v)                                                             \
    RUN2(c, v), RUN2((c) + 2, (v) + 2), RUN2((c) + 4, (v) + 4),                \
        RUN2((c) + 6, (v) + 6)

static const uint8_t alphabet[UINT8_MAX + 1] = {
    RUN8('A', 1),  RUN8('I', 9),  RUN8('Q', 17), RUN2('Y', 25),
    RUN8('a', 27), RUN8('i', 35), RUN8('q', 43), RUN2('y', 51),
    RUN8('0', 53), RUN2('8', 61), ['+'] = 63,    ['/'] = 64,
};

enum {
    NOT_A_VALUE = 0xc0, /* the bits that 0 to 63 have not */
    MAX_DATA_URL = 64,  /* characters before the base64 */
};

/* 0 to 63, or 255 for what is not in the alphabet */
static unsigned value(char c)
{
    return (uint8_t)(alphabet[(uint8_t)c] - 1);
}

static size_t n_padding(const char *text, size_t n)
{
    if (n == 0 || text[n - 1] != '=') {
        return 0;
    }
    return text[n - 2] == '=' ? 2 : 1;
}

bool base64_size(const char *text, size_t n, size_t *out)
{
    if (n % 4 != 0) {
        return false;
    }
    *out = n / 4 * 3 - n_padding(text, n);
    return true;
}

/* The last four characters, of which one or two are padding. */
static bool decode_padded(const char *text, size_t padding, unsigned char *out)
{
    unsigned a = value(text[0]);
    unsigned b = value(text[1]);
    unsigned c = padding == 2 ? 0 : value(text[2]);
    unsigned bits = a << 18 | b << 12 | c << 6;

    /* Bits that no byte takes are zero, so that a text has one meaning. */
    if (((a | b | c) & NOT_A_VALUE) != 0 ||
        (bits & (padding == 2 ? 0xffffU : 0xffU)) != 0) {
        return false;
    }
    out[0] = (unsigned char)(bits >> 16);
    if (padding == 1) {
        out[1] = (unsigned char)(bits >> 8);
    }
    return true;
}

bool base64_decode(const char *text, size_t n, unsigned char *out)
{
    size_t padding;
    unsigned seen = 0;

    if (n % 4 != 0) {
        return false;
    }
    padding = n_padding(text, n);
    for (n -= padding > 0 ? 4 : 0; n > 0; n -= 4) {
        unsigned a = value(text[0]);
        unsigned b = value(text[1]);
        unsigned c = value(text[2]);
        unsigned d = value(text[3]);
        unsigned bits = a << 18 | b << 12 | c << 6 | d;

        seen |= a | b | c | d; /* looked at once, after the loop */
        out[0] = (unsigned char)(bits >> 16);
        out[1] = (unsigned char)(bits >> 8);
        out[2] = (unsigned char)bits;
        text += 4;
        out += 3;
    }
    return (seen & NOT_A_VALUE) == 0 &&
           (padding == 0 || decode_padded(text, padding, out));
}

size_t base64_data_url(const char *text, size_t n)
{
    static const char begin[] = "data:image/";
    static const char end[] = ";base64,";
    const char *comma = memchr(text, ',', n < MAX_DATA_URL ? n : MAX_DATA_URL);
    size_t length = comma == NULL ? 0 : (size_t)(comma - text) + 1;

    if (length < sizeof begin + sizeof end - 2 ||
        memcmp(text, begin, sizeof begin - 1) != 0 ||
        memcmp(text + length - (sizeof end - 1), end, sizeof end - 1) != 0) {
        return 0;
    }
    return length;
}
