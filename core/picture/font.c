// SPDX-License-Identifier: MIT
#include "core/picture/font.h"

#include <stddef.h>

/* Length of a UTF-8 sequence by its first byte, 0 when it cannot be one. */
static int sequence_length(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Source: RFC 3629, section 4. */
unsigned font_read(const char **text)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)*text;
    int n = sequence_length(at[0]);
    unsigned code = at[0];

    if (code == 0) {
        return 0;
    }
    *text += 1;
    if (n < 2) {
        return n == 0 || code < ' ' || code == 0x7f ? '?' : code;
    }
    code &= 0x7fU >> n;
    for (int i = 1; i < n; i++) {
        if ((at[i] & 0xc0U) != 0x80) {
            return '?';
        }
        code = code << 6 | (at[i] & 0x3fU);
    }
    if (code < least[n] || code > 0x10ffff || code < 0xa0 ||
        (code >= 0xd800 && code < 0xe000) || (code & 0xfffeU) == 0xfffe) {
        return '?';
    }
    *text += n - 1;
    return code;
}

const struct font_glyph *font_glyph(unsigned code)
{
    if (code < FONT_FIRST || code >= FONT_FIRST + FONT_GLYPHS) {
        code = '?';
    }
    return &font_glyphs[code - FONT_FIRST];
}

float font_width(const char *text, float size)
{
    int advance = 0;
    unsigned code;

    while ((code = font_read(&text)) != 0) {
        advance += font_glyph(code)->advance;
    }
    return (float)advance * size / (FONT_ADVANCE * FONT_EM);
}
