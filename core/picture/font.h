// SPDX-License-Identifier: MIT
/*
 * font.h - one typeface, for measuring and for painting.
 *
 * Constants and pure functions; safe from any thread. Sizes are of the em, px.
 */
#ifndef AHA_PICTURE_FONT_H
#define AHA_PICTURE_FONT_H

#include <stdint.h>

enum {
    FONT_EM = 28, /* px, of the glyphs as stored */
    FONT_FIRST = ' ',
    FONT_GLYPHS = '~' - ' ' + 1,
    FONT_ADVANCE = 16, /* steps of an advance in a px */
    FONT_OPAQUE = 15,
};

/** A stored character. */
struct font_glyph {
    int left; /* of the picture from the pen, px */
    int top;  /* of the picture from the base line, px, up is negative */
    int width;
    int height;
    int advance;          /* of the pen, in FONT_ADVANCEs of a px */
    const char *coverage; /* [height, width] hexadecimal digits */
};

extern const struct font_glyph font_glyphs[FONT_GLYPHS];

/**
 * Read one character of UTF-8 and go on to the next.
 *
 * @return its code point; '?' for a control character or a byte that does not
 *         belong; 0 at the end, where *text stays
 */
unsigned font_read(const char **text);

/** What is drawn for a code point: '?' for all that there is no glyph for. */
const struct font_glyph *font_glyph(unsigned code);

/** Width of a line of text, px. */
float font_width(const char *text, float size);

#endif
