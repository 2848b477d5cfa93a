# SPDX-License-Identifier: MIT
"""Photos that tests make, without any image library."""

import functools
import struct
import zlib

from tests.http.daemon import Daemon, photo

SIDE = 512  # of astronaut.jpg


def chunk(kind, body):
    return (struct.pack(">I", len(body)) + kind + body +
            struct.pack(">I", zlib.crc32(kind + body)))


def png_file(width, height, packed, bits=8, colours=2, is_interlaced=0):
    """What is packed as a file; RGB of 8 bits, unless told."""
    return (b"\x89PNG\r\n\x1a\n" +
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits,
                                       colours, 0, 0, is_interlaced)) +
            chunk(b"IDAT", packed) + chunk(b"IEND", b""))


def png(width, height, rows, level=1):
    """Rows of RGB bytes as a file."""
    return png_file(width, height, zlib.compress(
        b"".join(b"\0" + row for row in rows), level))


def png_header(width, height):
    """A PNG that claims a size and has almost no pixels."""
    return png(width, height, [b"\0" * 99])


def png_interlaced(side):
    """All black, 16 bits and alpha: its decoder holds it as a whole."""
    n_bytes = 0
    for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8),
                         (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                         (0, 1, 1, 2)):
        n_bytes += len(range(y, side, dy)) * (1 + 8 * len(range(x, side, dx)))
    pack, piece = zlib.compressobj(1), bytes(1 << 20)
    packed = [pack.compress(piece[:n_bytes - at])
              for at in range(0, n_bytes, len(piece))]
    return png_file(side, side, b"".join(packed) + pack.flush(), 16, 6, 1)


def png_rows(text):
    """Width, height and RGB rows of a PNG without filters."""
    width, height = struct.unpack(">II", text[16:24])
    packed, at = b"", 8
    while at < len(text):
        n, kind = struct.unpack(">I4s", text[at:at + 8])
        packed += text[at + 8:at + 8 + n] if kind == b"IDAT" else b""
        at += 12 + n
    raw, stride = zlib.decompress(packed), 3 * width + 1
    if text[24:26] != b"\x08\x02" or any(raw[::stride]):
        raise ValueError("not a plain PNG")
    return width, height, [raw[i * stride + 1:(i + 1) * stride]
                           for i in range(height)]


def every(row, step):
    """Each step-th pixel of a row."""
    out = bytearray(len(row) // step // 3 * 3)
    for c in range(3):
        out[c::3] = row[c::3 * step]
    return bytes(out)


@functools.cache
def portrait():
    """The RGB rows of astronaut.jpg: the picture of it, with nothing drawn."""
    with Daemon() as daemon:
        _, _, picture = daemon.ask(
            "POST", "/v1/analyze?min_face_size=400", photo(),
            {"Accept": "image/png"})
    width, _, rows = png_rows(picture)
    return [every(row, width // SIDE) for row in rows[::width // SIDE]]


@functools.cache
def pair():
    """One person twice: half as large on the left, and as she is."""
    large = portrait()
    small = [every(row, 2) for row in large[::2]]
    small += [b"\x80" * len(small[0])] * (SIDE - len(small))
    return png(SIDE + SIDE // 2, SIDE,
               [left + right for left, right in zip(small, large)])


def luma(x, y, side):
    """A square of the portrait in grey: bytes, row after row."""
    grey = bytearray()
    for row in portrait()[y:y + side]:
        for i in range(3 * x, 3 * (x + side), 3):
            grey.append((299 * row[i] + 587 * row[i + 1] + 114 * row[i + 2] +
                         500) // 1000)
    return bytes(grey)
