#!/usr/bin/env python3
"""Write the pictures of this folder. Needs Pillow, scikit-image and heif-enc
(Debian's libheif-examples).

  python3 tests/data/make_images.py

Every small picture shows one pattern, PATTERN pixels: quarters red, green,
blue and white (top left, top right, bottom left, bottom right).
"""

import struct
import subprocess
import zlib
from pathlib import Path

import skimage.data
from PIL import Image

HERE = Path(__file__).parent
PATTERN = (48, 32)
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255,) * 3
ORIENTATION = 0x0112  # EXIF tag

# How an upright picture is stored so that this orientation shows it upright.
STORED = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT,
          3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
          5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
          7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270}


def pattern(colours=(RED, GREEN, BLUE, WHITE), mode="RGB"):
    width, height = PATTERN
    image = Image.new(mode, PATTERN)
    for i, colour in enumerate(colours):
        left, top = width // 2 * (i % 2), height // 2 * (i // 2)
        image.paste(colour, (left, top, left + width // 2, top + height // 2))
    return image


def save(image, name, **options):
    image.save(HERE / name, **options)


def exif(orientation):
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(
        ">I", zlib.crc32(body))


def png(width, height, depth, colour_type, rows):
    """A PNG file that Pillow cannot write; rows are bytes each."""
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def fixed(values):
    """ICC s15Fixed16 numbers."""
    return struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))


def swapped_profile():
    """An ICC profile of sRGB's primaries with red and green swapped."""
    text = b"Red and green swapped\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text
        + bytes(4 + 4 + 2 + 1 + 67),
        b"cprt": b"text\0\0\0\0Public domain\0",
        b"wtpt": b"XYZ \0\0\0\0" + fixed((0.9642, 1.0, 0.8249)),
        b"rXYZ": b"XYZ \0\0\0\0" + fixed((0.3851, 0.7169, 0.0971)),
        b"gXYZ": b"XYZ \0\0\0\0" + fixed((0.4361, 0.2225, 0.0139)),
        b"bXYZ": b"XYZ \0\0\0\0" + fixed((0.1431, 0.0606, 0.7141)),
    }
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256))
    tags |= {name: curve for name in (b"rTRC", b"gTRC", b"bTRC")}
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    header = (struct.pack(">I4sI4s4s4s", start + len(data), b"\0" * 4,
                          0x02100000, b"mntr", b"RGB ", b"XYZ ")
              + struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp"
              + bytes(28) + fixed((0.9642, 1.0, 0.8249)) + bytes(48))
    return header + table + data


def heif(source, name, *options):
    """HEIF or AVIF, by the name's ending, of a picture of this folder."""
    subprocess.run(["heif-enc", *options, HERE / source, "-o", HERE / name],
                   check=True, stdout=subprocess.DEVNULL)


def turn(path):
    """Tell a picture of heif-enc's to be shown turned a quarter clockwise, as
    telephones do, beside the EXIF orientation that it has already."""
    data = bytearray(path.read_bytes())

    def add(offset, by):
        old = struct.unpack_from(">I", data, offset)[0]
        struct.pack_into(">I", data, offset, old + by)

    irot = struct.pack(">I4sB", 9, b"irot", 3)  # counter-clockwise quarters
    iloc, ipma = data.index(b"iloc"), data.index(b"ipma")
    for item in range(3):  # a row is 20 bytes; the grid is in the meta box
        row = iloc + 12 + 20 * item
        if data[row + 3] == 0:
            add(row + 6, len(irot) + 1)
    for kind, by in ((b"meta", len(irot) + 1), (b"iprp", len(irot) + 1),
                     (b"ipco", len(irot)), (b"ipma", 1)):
        add(data.index(kind) - 4, by)
    data[ipma + 19] += 1  # of the grid's properties
    data[ipma + 22:ipma + 22] = b"\x85"  # essential, the fifth
    data[ipma - 4:ipma - 4] = irot
    path.write_bytes(data)


def more_formats():
    """What is accepted only where it is asked for; needs the others' files."""
    other = pattern((WHITE, BLUE, GREEN, RED))
    save(pattern(), "plain.gif")
    save(pattern(), "animated.gif", save_all=True, duration=100,
         append_images=[other])
    clear = pattern((1, 0, 2, 0), "P")
    clear.putpalette(WHITE + RED + BLUE)
    save(clear, "clear.gif", transparency=0)

    save(pattern(), "pages.tiff", save_all=True, append_images=[other],
         compression="tiff_lzw")
    save(pattern().transpose(STORED[6]), "orientation_6.tiff",
         tiffinfo={ORIENTATION: 6}, compression="tiff_deflate")
    alpha = [RED + (255,), (0, 0, 0, 0), BLUE + (255,), (0, 0, 0, 0)]
    save(pattern(alpha, "RGBA"), "alpha.tiff", compression="tiff_deflate")
    save(pattern((0, 85, 170, 255), "L"), "grey.tiff")
    (HERE / "rgb16.tiff").write_bytes(tiff16())

    exact = ("-L", "-p", "chroma=444", "--matrix_coefficients=0")
    heif("rgb.png", "plain.heic", *exact)
    heif("orientation_6.jpg", "turned.heic", "-q", "95")
    turn(HERE / "turned.heic")
    heif("rgb.png", "plain.avif", *exact)
    heif("alpha.png", "alpha.avif", *exact)
    heif("rgb16.png", "deep.heic", "-q", "95")


def tiff16():
    """A big-endian TIFF of 16 bits a channel, in two strips."""
    width, height = PATTERN
    half = [struct.pack(">3H", *(v * 257 for v in colour)) * (width // 2)
            for colour in (RED, GREEN, BLUE, WHITE)]
    strips = [(half[0] + half[1]) * (height // 2),
              (half[2] + half[3]) * (height // 2)]
    short, long = 3, 4
    entries = [(256, short, 1, width), (257, short, 1, height),
               (258, short, 3, None), (259, short, 1, 1), (262, short, 1, 2),
               (273, long, 2, None), (277, short, 1, 3),
               (278, short, 1, height // 2), (279, long, 2, None)]
    start = 8 + 2 + 12 * len(entries) + 4  # of what the entries point to
    size = len(strips[0])
    extras = {258: struct.pack(">3H", 16, 16, 16),
              273: struct.pack(">2I", start + 22, start + 22 + size),
              279: struct.pack(">2I", size, size)}
    table, data = struct.pack(">H", len(entries)), b""
    for tag, kind, count, value in entries:
        table += struct.pack(">HHI", tag, kind, count)
        if tag in extras:
            table += struct.pack(">I", start + len(data))
            data += extras[tag]
        else:
            table += struct.pack(">HH", value, 0)
    return (b"MM\0*" + struct.pack(">I", 8) + table + bytes(4) + data
            + b"".join(strips))


def main():
    save(Image.fromarray(skimage.data.astronaut()), "astronaut.jpg",
         quality=90)

    exact = {"quality": 95, "subsampling": 0}
    for orientation, stored in STORED.items():
        image = pattern()
        if stored is not None:
            image = image.transpose(stored)
        save(image, f"orientation_{orientation}.jpg",
             exif=exif(orientation), **exact)
    save(pattern().transpose(STORED[6]), "orientation_6.webp",
         lossless=True, exif=exif(6))

    save(pattern(), "progressive.jpg", progressive=True, **exact)
    save(pattern((0, 85, 170, 255), "L"), "grey.jpg", quality=95)
    cmyk = [tuple(255 - v for v in rgb) + (0,)
            for rgb in (RED, GREEN, BLUE, WHITE)]
    save(pattern(cmyk, "CMYK"), "cmyk.jpg", **exact)
    save(pattern(), "profile.jpg", icc_profile=swapped_profile(), **exact)
    save(pattern(), "profile_broken.jpg", icc_profile=b"no profile" * 20,
         **exact)

    save(pattern(), "rgb.png")
    save(pattern().convert("P", palette=Image.Palette.ADAPTIVE),
         "palette.png")
    clear = [RED + (255,), (0, 0, 0, 0), BLUE + (255,), (0, 0, 0, 0)]
    save(pattern(clear, "RGBA"), "alpha.png")
    save(pattern(clear, "RGBA"), "alpha.webp", quality=95)
    save(pattern(), "lossy.webp", quality=95)
    save(pattern(), "animated.webp", save_all=True, duration=100,
         append_images=[pattern((WHITE, BLUE, GREEN, RED))])

    width, height = PATTERN
    half = [struct.pack(">3H", *(v * 257 for v in colour)) * (width // 2)
            for colour in (RED, GREEN, BLUE, WHITE)]
    rows = [half[0] + half[1]] * (height // 2) + [half[2] + half[3]] * (
        height // 2)
    (HERE / "rgb16.png").write_bytes(png(width, height, 16, 2, rows))
    (HERE / "huge.png").write_bytes(png(50000, 50000, 8, 2, []))
    more_formats()


if __name__ == "__main__":
    main()
