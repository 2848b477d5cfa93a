#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write core/picture/font_data.c: one size of DejaVu Sans Bold, printable ASCII.

  python3 tools/make_font.py > core/picture/font_data.c

Needs Pillow and Debian's fonts-dejavu-core.
"""

import sys

from PIL import Image, ImageDraw, ImageFont

PATH = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
EM = 28  # px
OVER = 8
FIRST, LAST = 32, 126
LINE = 72  # digits a line

HEAD = """// SPDX-License-Identifier: Bitstream-Vera
/*
 * DejaVu Sans Bold 2.37, %d px, printable ASCII. Written by tools/make_font.py.
 *
 * Copyright (c) 2003 by Bitstream, Inc. All Rights Reserved. Bitstream Vera is
 * a trademark of Bitstream, Inc. DejaVu changes are in public domain. The
 * permission notice is LICENSE-DejaVu.txt.
 */
#include "core/picture/font.h"

/* clang-format off */
"""


def glyph(font, character):
    """Left and top of the picture from the pen, its size, advance, digits.

    Drawn large and averaged down, so that no hinting bends the shapes."""
    side = 2 * EM
    image = Image.new("L", (side * OVER, side * OVER))
    origin = side // 4, side * 3 // 4
    ImageDraw.Draw(image).text([v * OVER for v in origin], character, 255,
                               font, "ls")
    image = image.resize((side, side), Image.Resampling.BOX)
    image = image.point([round(v / 17) for v in range(256)])
    left, top, right, bottom = image.getbbox() or origin + origin
    digits = "".join("%x" % v for v in
                     image.crop((left, top, right, bottom)).tobytes())
    advance = round(font.getlength(character) / OVER * 16)
    return (left - origin[0], top - origin[1], right - left, bottom - top,
            advance, digits)


def main():
    font = ImageFont.truetype(PATH, EM * OVER,
                              layout_engine=ImageFont.Layout.BASIC)
    out = sys.stdout.write
    out(HEAD % EM)
    out("const struct font_glyph font_glyphs[FONT_GLYPHS] = {\n")
    for code in range(FIRST, LAST + 1):
        *sizes, digits = glyph(font, chr(code))
        out("    {%s," % ", ".join(str(v) for v in sizes))
        for at in range(0, max(len(digits), 1), LINE):
            out('\n     "%s"' % digits[at:at + LINE])
        out("},\n")
    out("};\n")


if __name__ == "__main__":
    main()
