# SPDX-License-Identifier: MIT
"""Thousands of requests that nobody means well, and what is said to each.

A case is its name, the bytes of its request, and what may be answered: pairs
of status and problem code, None for no problem body. What is random has its
seed, so the table is the same every time.
"""

import base64
import collections
import json
import random
import struct
import zlib

from tests.http.daemon import photo
from tests.http.photos import chunk, png, png_header
from tests.http.wire import chunked, request

Case = collections.namedtuple("Case", "name data allowed")

FINE = (200, None)
NO_IMAGE = (415, "unsupported_media_type")
BROKEN = (422, "image_decode_failed")
TOO_SMALL = (422, "image_too_small")
TOO_MANY = (422, "image_too_many_pixels")
EMPTY = (400, "empty_body")
HTTP = (400, "malformed_request")
FORM = (400, "malformed_multipart")
JSON = (400, "malformed_json")
NO_FILE = (400, "missing_file")
PARAMETER = (400, "invalid_parameter")
TENSOR = (400, "invalid_tensor")
TOO_LARGE = (413, "payload_too_large")
NOT_FOUND = (404, "not_found")
NOT_ACCEPTABLE = (406, "not_acceptable")

USUAL = ("grey.jpg", "progressive.jpg", "orientation_6.jpg", "rgb.png",
         "alpha.png", "palette.png", "rgb16.png", "lossy.webp", "alpha.webp",
         "orientation_6.webp", "animated.webp")
OTHERS = ("plain.gif", "clear.gif", "animated.gif", "alpha.tiff",
          "orientation_6.tiff", "pages.tiff", "plain.avif", "alpha.avif",
          "deep.heic")
DETECT = b"/v1/detect?min_face_size=64"
TINY = "rgb.png"
NASTY = ("\u00e4\u00f6", "\u202e", "\U0001f600", "\ufeff", "e\u0301",
         "\uffff", "'; DROP TABLE x;--", "<script>alert(1)</script>",
         "../../../etc/passwd", "%s%n%s%n", "${jndi:ldap://a}", "`id`", "\t",
         "A" * 3000, "-1", "1e999", "nan", "0x10", "\u0661", "1;2", "true")

# Fields of a request that say something, and what of a small photo it may come
# to when they say what nobody can mean.
FIELDS = {
    b"Accept": {FINE, NOT_ACCEPTABLE}, b"Authorization": {FINE},
    b"X-API-Key": {FINE}, b"Origin": {FINE}, b"If-None-Match": {FINE},
    b"X-Timeout-Ms": {PARAMETER}, b"Content-Type": {FINE},
    b"Content-Encoding": {FINE}, b"Accept-Encoding": {FINE},
    b"tracestate": {FINE}, b"User-Agent": {FINE},
    b"Content-Type: multipart/form-data; boundary": {FORM},
}


def post(body, *fields, target=DETECT):
    return request(b"POST", target, *fields, body=body)


def typed(body, kind, target=DETECT):
    return post(body, b"Content-Type: " + kind, target=target)


def whole_from(name, whole):
    """How many bytes of a file hold its first picture, at least."""
    if name == "pages.tiff" or name == "animated.gif":
        return 2 * len(whole) // 5  # of several
    return len(whole) - 14  # a PNG's last chunk, a GIF's last byte


def truncations(names):
    """Files that end early: nothing of them is taken for a photo, unless all
    of its pixels are there."""
    for name in names:
        whole = photo(name)
        for n in range(len(whole)):
            allowed = {EMPTY} if n == 0 else {NO_IMAGE, BROKEN, TOO_SMALL}
            if n > whole_from(name, whole):
                allowed |= {FINE}
            yield Case(f"{name} cut at {n}", post(whole[:n]), allowed)


def flips(names, each):
    """One to three bits of a file are wrong."""
    dice = random.Random(5)
    for name in names:
        for i in range(each):
            data = bytearray(photo(name))
            for _ in range(dice.randint(1, 3)):
                data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            yield Case(f"{name} flipped {i}", post(bytes(data)),
                       {FINE, NO_IMAGE, BROKEN, TOO_SMALL, TOO_MANY})


def jpeg_of(width, height, scans=0):
    """One that claims a size; with so many empty progressive scans."""
    data = photo("progressive.jpg" if scans else "grey.jpg")
    at = next(i for i in range(len(data))
              if data[i] == 0xff and data[i + 1] in (0xc0, 0xc1, 0xc2))
    data = data[:at + 5] + struct.pack(">HH", height, width) + data[at + 9:]
    scan = data.rindex(b"\xff\xda")
    return data[:scan] + data[scan:-2] * scans + data[scan:]


def riff(kind, payload):
    payload += b"\0" * (len(payload) % 2)
    body = b"WEBP" + kind + struct.pack("<I", len(payload)) + payload
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_of(width, height):
    return (b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" +
            b"\0\0\0\xff\xff\xff" + b"," +
            struct.pack("<HHHHB", 0, 0, width, height, 0) +
            b"\x02\x02\x44\x01\0;")


def png_with(kind, body, last=b""):
    """A small good PNG with another chunk after its header."""
    whole = png(40, 40, [b"\x80" * 120] * 40)
    return whole[:33] + chunk(kind, body) + whole[33:] + last


def segment(marker, body):
    return bytes([0xff, marker]) + struct.pack(">H", len(body) + 2) + body


def progressive(side, n_components, n_bands, n_levels):
    """Scans without end, all as the standard wants them: each of some bands,
    a bit finer than the last; packed, each would be a pass over all pixels."""
    components = range(1, n_components + 1)
    blocks = (side // 8 + 1) ** 2
    bits = ("0" + "1" * 14) * (blocks // 32767 + 1)  # end of band, many blocks
    bits += "1" * (-len(bits) % 8)
    run = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(
        b"\xff", b"\xff\0")
    scans = [segment(0xda, bytes([n_components]) + b"".join(
        bytes([c, 0]) for c in components) + b"\0\0\0") +
        b"\0" * (blocks * n_components // 8 + 1)]
    for c in components:
        for low in reversed(range(n_levels)):
            high = low + 1 if low < n_levels - 1 else 0
            for band in range(n_bands):
                first = 1 + band * (63 // n_bands)
                last = 63 if band == n_bands - 1 else first + 63 // n_bands - 1
                scans.append(segment(0xda, bytes(
                    [1, c, 0, first, last, high << 4 | low])) + run)
    return b"".join([
        b"\xff\xd8", segment(0xdb, b"\0" + b"\1" * 64),
        segment(0xc2, struct.pack(">BHHB", 8, side, side, n_components) +
                b"".join(bytes([c, 0x11, 0]) for c in components)),
        segment(0xc4, b"\0\1" + b"\0" * 16),
        segment(0xc4, b"\x10\1" + b"\0" * 15 + b"\xe0"), *scans,
        b"\xff\xd9"])


def arithmetic(side, n):
    """Three components, n scans of hardly any data, arithmetic-coded."""
    return b"".join([
        b"\xff\xd8", segment(0xdb, b"\0" + b"\1" * 64),
        segment(0xc9, struct.pack(">BHHB", 8, side, side, 3) +
                b"\1\x11\0\2\x11\0\3\x11\0"),
        *(segment(0xda, bytes([1, 1 + i % 3]) + b"\0\0\x3f\0") + b"\0\0"
          for i in range(n)), b"\xff\xd9"])


def hidden(side, n):
    """The same, but in a reserved marker of the first, which is passed over."""
    scans = arithmetic(side, n)
    first = scans.index(b"\xff\xda")
    return (scans[:first] + segment(0xdd, b"\xff\xff") +
            scans[first:first + 12] + b"\xff\x02" + struct.pack(
                ">H", len(scans) - first - 12) + segment(0xdd, b"\0\0") +
            scans[first + 12:])


def animation(n, is_nested=False):
    """A WebP of n frames of a picture, or of one that holds the others."""
    size = b"\x2f\0\0\x1f\0\0"  # 48 x 32, less one
    frame = photo("lossy.webp")[12:]
    frame = b"ANMF" + struct.pack("<I", 16 + len(frame)) + b"\0" * 6 + \
        size + b"\x0a\0\0\0" + frame
    chunks = b"VP8X\x0a\0\0\0\2\0\0\0" + size + \
        b"ANIM\6\0\0\0" + b"\0" * 6
    if is_nested:
        chunks += frame[:4] + struct.pack("<I", len(frame) * n - 8) + frame[8:]
        chunks += frame * (n - 1)
    else:
        chunks += frame * n
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def profile(n, element):
    """A colour profile of n stages, all the same bytes."""
    stages = b"mpet\0\0\0\0" + struct.pack(">HHI", 3, 3, n) + struct.pack(
        ">II", 16 + 8 * n, len(element)) * n + element
    colours = b"XYZ \0\0\0\0" + struct.pack(">3I", 0xf6d6, 0x10000, 0xd32d)
    curve = b"curv" + b"\0" * 8
    parts = ((b"D2B0 D2B1 D2B2 D2B3", stages), (b"A2B0 A2B1", b"mAB " * 2),
             (b"rTRC gTRC bTRC", curve), (b"rXYZ gXYZ bXYZ wtpt", colours))
    table, bodies = b"", b""
    first = 132 + 12 * sum(len(names.split()) for names, _ in parts)
    for names, body in parts:
        for name in names.split():
            table += name + struct.pack(">II", first + len(bodies), len(body))
        bodies += body + b"\0" * (-len(body) % 4)
    head = struct.pack(">I4sI", first + len(bodies), b"lcms", 0x04200000) + \
        b"mntrRGB XYZ " + b"\0" * 12 + b"acsp" + b"\0" * 28
    return head.ljust(128, b"\0") + struct.pack(
        ">I", len(table) // 12) + table + bodies


def toil():
    """Files that are small and would be long work, or much memory."""
    grey = photo("grey.jpg")
    for kind in (0xe1, 0xed, 0xee, 0xfe):
        for n in (2000, 75000):
            yield Case(f"jpeg of {n} segments {kind:x}", post(
                grey[:2] + segment(kind, b"") * n + grey[2:]), {BROKEN})
    for side, *scans in ((7000, 1, 63, 14), (7000, 3, 21, 14), (900, 3, 63, 1),
                         (7000, 3, 3, 3)):
        yield Case(f"progressive {side} {scans}", post(
            progressive(side, *scans)), {BROKEN})
    yield Case("scans as usual", post(progressive(900, 3, 3, 3)), {FINE})
    for side, n in ((7070, 300), (7070, 3), (64, 3)):
        yield Case(f"arithmetic {side} {n}", post(arithmetic(side, n)),
                   {BROKEN})
        yield Case(f"hidden {side} {n}", post(hidden(side, n)), {BROKEN})
    for n in (1025, 40000):
        yield Case(f"webp of {n} frames", post(animation(n)), {BROKEN})
        yield Case(f"webp of {n} frames in one", post(animation(n, True)),
                   {BROKEN})
    yield Case("webp of 100 frames", post(animation(100)), {FINE})
    matrix = b"matf\0\0\0\0\0\3\0\3" + struct.pack(
        ">12f", 1, 0, 0, 0, 1, 0, 0, 0, 1, .001, 0, 0)
    table = b"clut\0\0\0\0\0\3\0\3" + b"\x32" * 3 + b"\0" * (13 + 1500000)
    for name, n, element in (("matrices", 32000, matrix),
                             ("matrices", 300000, matrix),
                             ("tables", 200, table)):
        packed = zlib.compress(profile(n, element), 9)
        yield Case(f"png profile of {n} {name}", post(
            png_with(b"iCCP", b"x\0\0" + packed)), {FINE})
    for width, height in ((65536, 1), (3_100_000, 16), (16, 3_100_000)):
        yield Case(f"png {width} x {height}", post(png_header(width, height)),
                   {TOO_MANY})


def bombs():
    """Files that are small and would be large."""
    zeros = zlib.compress(b"\0" * 50_000_000, 9)
    for side in (7100, 10000, 16383, 30000, 65500):
        yield Case(f"jpeg {side}", post(jpeg_of(side, side)), {TOO_MANY})
        yield Case(f"png {side}", post(png_header(side, side)), {TOO_MANY})
    for width, height in ((1 << 31, 1), (0, 0), (1, 0), ((1 << 31) - 1, 1),
                          ((1 << 32) - 1, (1 << 32) - 1), (10_000_000, 6),
                          (1_000_000, 1000), (1, 1), (1, 60000)):
        yield Case(f"png {width} x {height}", post(png_header(width, height)),
                   {TOO_MANY, BROKEN, TOO_SMALL})
    for kind in (b"iCCP", b"zTXt", b"iTXt"):
        middle = b"x\0\0" if kind != b"iTXt" else b"x\0\1\0\0\0"
        yield Case(f"png {kind.decode()} bomb",
                   post(png_with(kind, middle + zeros)), {FINE, BROKEN})
    yield Case("png pixels bomb", post(
        png(40, 40, [b"\0"])[:33] + chunk(b"IDAT", zeros) +
        chunk(b"IEND", b"")), {FINE, BROKEN})
    grey = png(40, 40, [b"\x80" * 120] * 40)
    yield Case("png of packed texts", post(
        grey[:33] + chunk(b"zTXt", b"x\0\0" + zeros) * 9 + grey[33:]), {FINE})
    for n in (100, 4000):
        yield Case(f"png of {n} chunks", post(
            png_with(b"tEXt", b"a\0b", chunk(b"tEXt", b"a\0b") * n)),
            {FINE, BROKEN})
    for n in (20, 400, 3000):
        yield Case(f"jpeg of {n} scans", post(jpeg_of(32, 32, n)),
                   {FINE, BROKEN, TOO_SMALL})
    for side in (8000, 16383):
        bits = struct.pack("<I", side - 1 | side - 1 << 14)
        yield Case(f"webp lossless {side}", post(
            riff(b"VP8L", b"\x2f" + bits + b"\0" * 60)), {TOO_MANY, BROKEN})
        yield Case(f"webp canvas {side}", post(
            riff(b"VP8X", b"\0\0\0\0" + (side - 1).to_bytes(3, "little") * 2)),
            {TOO_MANY, BROKEN})
        yield Case(f"webp lossy {side}", post(
            riff(b"VP8 ", b"\x10\2\0\x9d\1\x2a" + struct.pack("<HH", side, side)
                 + b"\0" * 60)), {TOO_MANY, BROKEN})
    for n in (0, 1, 0xffffffff, 0x7fffffff):
        yield Case(f"webp of {n} bytes", post(
            b"RIFF" + struct.pack("<I", n) + photo("lossy.webp")[8:]),
            {FINE, BROKEN, NO_IMAGE, TOO_SMALL})
    for n in (0, 1, 2, 0xffff):
        yield Case(f"jpeg segment of {n}", post(
            b"\xff\xd8\xff\xe1" + struct.pack(">H", n) + photo("grey.jpg")[2:]),
            {FINE, BROKEN, TOO_SMALL})


def other_bombs():
    for side in (8000, 65535):
        yield Case(f"gif {side}", post(gif_of(side, side)),
                   {TOO_MANY, BROKEN})
    tiff = photo("orientation_6.tiff")
    dice = random.Random(6)
    for i in range(300):  # entries of its directory that lie
        data = bytearray(tiff)
        at = dice.randrange(4, len(data) - 4)
        data[at:at + 4] = struct.pack("<I", dice.choice(
            (0, 1, 8, 0xffff, 0x7fffffff, 0xffffffff, len(data))))
        yield Case(f"tiff lies {i}", post(bytes(data)),
                   {FINE, NO_IMAGE, BROKEN, TOO_SMALL, TOO_MANY})
    for name in ("plain.avif", "deep.heic"):
        whole = photo(name)
        for i in range(150):  # boxes whose sizes lie
            data = bytearray(whole)
            at = dice.randrange(0, len(data) - 4)
            data[at:at + 4] = struct.pack(">I", dice.choice(
                (0, 1, 7, 0xffff, 0x7fffffff, 0xffffffff, len(data))))
            yield Case(f"{name} lies {i}", post(bytes(data)),
                       {FINE, NO_IMAGE, BROKEN, TOO_SMALL, TOO_MANY})


def polyglots(names):
    """What is not what it says, or two things at once."""
    tails = (b"PK\x03\x04" + b"\0" * 26, b"<script>alert(1)</script>",
             b"%PDF-1.7\n%%EOF", b"\x7fELF" + b"\0" * 60, b"\0" * 5000,
             b"<?php system($_GET[0]); ?>")
    for name in names:
        for tail in tails:
            yield Case(f"{name} and {tail[:5]!r}", post(photo(name) + tail),
                       {FINE, TOO_SMALL, BROKEN})
            yield Case(f"{tail[:5]!r} and {name}", post(tail + photo(name)),
                       {NO_IMAGE})
    for head in (b"%PDF-1.7\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                 b"<?xml version='1.0'?><svg/>", b"<html><body>", b"BM" * 60,
                 b"P6 9 9 255\n", b"P1\n1 1\n1", b"%!PS-Adobe", b"\0\0\1\0\1\0",
                 b"\x7fELF", b"MZ", b"PK\3\4", b"\x1f\x8b\x08", b"BZh9",
                 b"\xfd7zXZ\0", b"push graphic-context\n", b"GIF89a=1;alert()",
                 b"GIF87a", b"II*\0\x08\0\0\0", b"MM\0*", b"RIFF\0\0\0\0AVI ",
                 b"RIFF\0\0\0\0WEB", b"\0\0\0\x20ftypmp42", b"\0\0\0\x0cjP  ",
                 b"\xff\x4f\xff\x51", b"8BPS\0\1", b"SIMPLE  =", b"\x76/1\1",
                 b"#?RADIANCE\n", b"\x8aMNG\r\n\x1a\n", b"\x8bJNG\r\n\x1a\n",
                 b"\xff\xd8", b"\x89PNG\r\n", b"\x89PNG\n\n\x1a\n", b"RIFF",
                 b"vips", b"\x08\xf2\xa6\xb6", b"<!DOCTYPE svg>", b"@echo off",
                 b"#!/bin/sh\n", b"a,b\n1,2\n", b"{\"a\":1}", b"\xef\xbb\xbf"):
        for length in (len(head), 64, 4096):
            data = head + b"\0" * max(0, length - len(head))
            yield Case(f"{head[:12]!r} of {length}", post(data),
                       {NO_IMAGE, BROKEN})


def content_types(names):
    """The bytes decide, unless the type asks for another reader."""
    for name in names:
        for kind in (b"image/jpeg", b"image/png", b"image/svg+xml",
                     b"text/html", b"application/octet-stream", b"*/*", b"x",
                     b"", b"image/" + b"p" * 2000, b"image/\xff",
                     b"application/jsonx", b"multipart/mixed; boundary=a",
                     b"multipart/form-dat"):
            yield Case(f"{name} as {kind[:20]!r}", typed(photo(name), kind),
                       {FINE, TOO_SMALL})
        for kind in (b"application/json", b"Application/JSON ; x",
                     b"application/json;charset=utf-16"):
            yield Case(f"{name} as {kind!r}", typed(photo(name), kind), {JSON})
        for kind in (b"multipart/form-data", b"multipart/form-data; boundary=",
                     b"multipart/form-data; boundary=a",
                     b"multipart/form-data; boundary=\"a",
                     b"multipart/form-data; boundary=" + b"a" * 71,
                     b"multipart/form-data;;;", b"MULTIPART/FORM-DATA; x=y"):
            yield Case(f"{name} as {kind[:50]!r}", typed(photo(name), kind),
                       {FORM})


def part(disposition, content, *more):
    return (b"--b\r\n" + b"".join(line + b"\r\n" for line in
                                  (disposition,) + more) + b"\r\n" +
            content + b"\r\n")


def forms():
    kind = b"multipart/form-data; boundary=b"
    named = b'Content-Disposition: form-data; name="%s"'
    file = named % b"file"
    tiny = photo(TINY)
    good = part(named % b"max_faces", b"1") + part(file, tiny) + b"--b--\r\n"
    for n in range(len(good)):
        allowed = {FORM} if n < len(good) - 2 else {FINE, TOO_SMALL}
        yield Case(f"form cut at {n}", typed(good[:n], kind), allowed)
    dice = random.Random(7)
    for i in range(300):
        data = bytearray(good)
        at = dice.randrange(len(data))
        data[at] = dice.choice((0, 10, 13, 34, 45, 59, 255))
        yield Case(f"form with another byte {at} {i}", typed(bytes(data), kind),
                   {FINE, TOO_SMALL, FORM, NO_FILE, PARAMETER, BROKEN,
                    NO_IMAGE})
    for text in NASTY:
        raw = text.encode()
        bare = raw.replace(b'"', b"%22")
        yield Case(f"filename {text[:20]!r}", typed(
            part(file + b'; filename="' + bare + b'"', tiny) + b"--b--", kind),
            {FINE} if len(text) < 1000 else {FORM})
        yield Case(f"field name {text[:20]!r}", typed(
            part(named % bare, b"1") + part(file, tiny) + b"--b--", kind),
            {PARAMETER, FORM})
        for name in (b"sort", b"max_faces", b"include"):
            yield Case(f"field {name.decode()} {text[:20]!r}", typed(
                part(named % name, raw) + part(file, tiny) + b"--b--", kind),
                {PARAMETER})
    for title, body, allowed in (
            ("twice the file", part(file, tiny) * 2 + b"--b--",
             {(400, "too_many_images")}),
            ("no name", part(b"Content-Disposition: form-data", tiny) +
             b"--b--", {FORM}),
            ("no disposition", part(b"X: y", tiny) + b"--b--", {FORM}),
            ("attachment", part(b'Content-Disposition: attachment; name="file"',
                                tiny) + b"--b--", {FORM}),
            ("a flood of headers", part(file, tiny, *[b"X: " + b"y" * 90] * 500)
             + b"--b--", {FORM}),
            ("NUL in a name", part(named % b"fi\0le", tiny) + b"--b--",
             {FORM, PARAMETER}),
            ("a nested form", part(file, b"--c\r\n\r\n--c--",
                                   b"Content-Type: multipart/mixed; boundary=c")
             + b"--b--", {NO_IMAGE}),
            ("1000 fields", part(named % b"sort", b"size") * 1000 +
             part(file, tiny) + b"--b--", {PARAMETER}),
            ("LF alone", good.replace(b"\r\n", b"\n"), {FORM}),
            ("only an end", b"--b--\r\n", {NO_FILE, FORM}),
            ("an empty file", part(file, b"") + b"--b--", {EMPTY}),
            ("base64", part(file, base64.b64encode(tiny),
                            b"Content-Transfer-Encoding: base64") + b"--b--",
             {NO_IMAGE, FORM}),
            ("text before and after", b"hello\r\n" + good + b"bye",
             {FINE, TOO_SMALL})):
        yield Case("form: " + title, typed(body, kind), allowed)


def json_bodies():
    kind = b"application/json"
    text = base64.b64encode(photo(TINY)).decode()
    good = json.dumps({"image": {"base64": text}, "options": {
        "max_faces": 1, "include": ["pose"]}}).encode()

    def case(name, body, *allowed):
        return Case("json: " + name, typed(body, kind), set(allowed))

    for n in range(len(good)):
        yield case(f"cut at {n}", good[:n], EMPTY if n == 0 else JSON)
    dice = random.Random(8)
    for i in range(300):
        data = bytearray(good)
        at = dice.randrange(len(data))
        data[at] = dice.choice(b"\0\"\\{}[],:x\xff\x80\n1")
        yield case(f"another byte {at} {i}", bytes(data), FINE, TOO_SMALL, JSON,
                   NO_FILE, PARAMETER, BROKEN, NO_IMAGE)
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b'{"image":',
                                                             b"}")):
        for depth in (1, 100, 2048, 2049, 100000):
            body = opening * depth + b"1" + closing * depth
            yield case(f"{opening!r} {depth} deep", body, JSON, NO_FILE)
            yield case(f"{opening!r} {depth} open", opening * depth, JSON)
    for value in (b"null", b"true", b"1", b"-0", b"1e999", b"9" * 400, b'""',
                  b'"a"', b"[]", b"{}", b"[1]", b"NaN", b"Infinity", b"'a'",
                  b"01", b"+1", b".5", b"1.", b"0x1", b"/**/1",
                  b"\xef\xbb\xbf1",
                  b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"', b'"\xff"',
                  b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"',
                  b'"\\x41"', b'"\n"', b'"a\0b"', b'"' + b"a" * 200000 + b'"',
                  b'{"base64":1}', b'{"base64":null}', b'{"base64":""}',
                  b'{"base64":"","base64":""}', b'{"base64":[]}',
                  b'{"base64":"AAAA","x":1}', b'{"Base64":"AAAA"}',
                  b'{"base64":"=AAA"}', b'{"base64":"AAA"}',
                  b'{"base64":"AA=A"}', b'{"base64":"AAA=="}',
                  b'{"base64":"A A A A"}', b'{"base64":"AAAA\\n"}',
                  b'{"base64":"AA-_"}', b'{"base64":"AAB="}',
                  b'{"base64":"\\u00e4AAA"}', b'{"base64":"AAAA\\u0000"}',
                  b'{"base64":"data:,"}',
                  b'{"base64":"data:image/png;base64,"}',
                  b'{"base64":"data:image/png,AAAA"}'):
        yield case(f"image {value[:20]!r}", b'{"image":' + value + b"}", JSON,
                   NO_FILE)
        yield case(f"alone {value[:20]!r}", value, JSON, NO_FILE)
        yield case(f"options {value[:20]!r}", b'{"image":{"base64":"' +
                   text.encode() + b'"},"options":' + value + b"}", JSON,
                   PARAMETER, *((FINE, TOO_SMALL) if value == b"{}" else ()))
        for name in (b"max_faces", b"sort", b"include", b"det_threshold"):
            yield case(f"{name.decode()} {value[:20]!r}",
                       b'{"image":{"base64":"' + text.encode() +
                       b'"},"options":{"' + name + b'":' + value + b"}}", JSON,
                       PARAMETER,
                       *((FINE, TOO_SMALL) if value in (b"1", b"[]", b'""')
                         else ()))
    for text_ in NASTY:
        for body in ({text_: 1}, {"image": {text_: 1}}, {"image": text_}, {
                "image": {"base64": text}, "options": {text_: 1}}, {
                    "image": {"base64": text}, "options": {"sort": text_}}):
            yield case(f"{text_[:20]!r}", json.dumps(body).encode(), JSON,
                       NO_FILE, PARAMETER)
    for count in (1025, 5000, 200000):
        yield case(f"{count} containers", b'{"image":[' + b"[]," * count +
                   b"[]]}", JSON)
        yield case(f"{count} keys", b"{" + b",".join(
            b'"%d":1' % i for i in range(count)) + b"}", JSON, NO_FILE)
        yield case(f"{count} times a key", b"{" + b",".join(
            [b'"image":1'] * count) + b"}", JSON)


def targets():
    for text in NASTY:
        escaped = b"".join(b"%%%02X" % byte for byte in text.encode())
        raw = {HTTP} if not text.isascii() or set(text) & set(" \t<>`") else \
            {HTTP, PARAMETER, NOT_FOUND}
        for name in (b"sort", b"max_faces", b"include", b"top_k", b"input",
                     b"coords", b"on_no_face", b"det_threshold",
                     b"min_face_size"):
            for value in (escaped, b"%00" + escaped, escaped + b"%00"):
                yield Case(f"{name.decode()}={value[:20]!r}", request(
                    b"POST", b"/v1/analyze?" + name + b"=" + value,
                    body=b"abcd"), {HTTP} if b"%00" in value else
                    {PARAMETER})
        yield Case(f"?{text[:20]!r}", request(
            b"POST", b"/v1/analyze?" + escaped + b"=1", body=b"abcd"),
            {PARAMETER})
        yield Case(f"models/{text[:20]!r}", request(
            b"GET", b"/v1/models/" + escaped),
            {HTTP} if b"%2F" in escaped else {NOT_FOUND})
        yield Case(f"raw {text[:20]!r}", request(
            b"GET", b"/v1/models/" + text.encode()), raw | {HTTP, NOT_FOUND})
        yield Case(f"id {text[:20]!r}", request(
            b"GET", b"/v1/info", b"X-Request-ID: " + text.encode().replace(
                b"\t", b"x"), b"traceparent: " + text.encode()), {FINE})
        for name, allowed in FIELDS.items():
            yield Case(f"{name.decode()}: {text[:20]!r}", request(
                b"POST", DETECT, name + b": " + text.encode(),
                body=photo(TINY)), allowed)
    up = (b"..", b"%2e%2e", b"%2E.", b".%2e", b"%252e%252e", b"..;", b"..\\",
          b"%c0%ae%c0%ae", b"%uff0e%uff0e", b"....", b".")
    slash = (b"/", b"//", b"%2f", b"\\", b"%5c", b"%252f", b"/./", b"%c0%af")
    for dots in up:
        for between in slash:
            for base in (b"/web/", b"/", b"/v1/models/"):
                target = base + between.join((dots,) * 3 + (b"etc", b"passwd"))
                bad = b"%2f" in target or b"%u" in target
                yield Case(f"path {target!r}", request(b"GET", target),
                           {HTTP} if bad else {NOT_FOUND})
    for prefix in (b"http://a", b"http://a:80", b"https://a", b"http://[::1]",
                   b"HTTP://A"):
        for path, allowed in ((b"/v1/info", FINE), (b"/nothing", NOT_FOUND),
                              (b"", FINE), (b"?x", FINE), (b"#x", HTTP),
                              (b"/%00", HTTP), (b"@b/v1/info", HTTP),
                              (b"//v1/info", NOT_FOUND)):
            yield Case(f"{prefix + path!r}", request(b"GET", prefix + path),
                       {allowed})
    for n in (1000, 8000, 20000):
        yield Case(f"path of {n}", request(b"GET", b"/" + b"a" * n),
                   {NOT_FOUND})
        yield Case(f"parameter of {n}", request(
            b"POST", b"/v1/analyze?sort=" + b"a" * n, body=b"abcd"),
            {PARAMETER})
    for n in (33000, 70000):
        yield Case(f"path of {n}", request(b"GET", b"/" + b"a" * n),
                   {(414, None)})
        yield Case(f"header of {n}", request(b"GET", b"/", b"X: " + b"a" * n),
                   {(431, None)})
    for n in (1, 50, 100):
        yield Case(f"{n} headers", request(b"GET", b"/v1/info",
                                           *[b"X: y"] * n), {FINE})
    for n in (2000, 9000):
        yield Case(f"{n} headers", request(b"GET", b"/v1/info",
                                           *[b"X: y"] * n), {(431, None)})
        yield Case(f"{n} cookies", request(b"GET", b"/v1/info",
                                           b"Cookie: " + b"a=b;" * n),
                   {(431, None)})


def framings():
    """Every way to tell a length, with every other."""
    one = (415, "unsupported_media_type")
    lengths = ((None, None), (b"4", one), (b"04", one), (b"+4", None),
               (b"-4", None), (b"0x4", None), (b"4,4", None), (b"4, 4", None),
               (b"4;", None), (b"4 4", None), (b"", None), (b"1e1", None),
               (b"\xef\xbc\x94", None), (b"4\0", HTTP), (b"4\r", None))
    codings = (None, b"chunked", b"Chunked", b"xchunked", b"chunked,", b"",
               b" chunked", b"\tchunked", b"chunked ", b"chunked\t", b"gzip",
               b"identity", b"chunked, identity", b"\"chunked\"", b"chunked\0",
               b"chunked\r", b"\x0bchunked", b"ch\r\n unked", b"chunked;a=b",
               b"gzip, chunked", b"chunked, chunked")
    names = (b"Transfer-Encoding: ", b"transfer-encoding:",
             b"Transfer-Encoding : ", b"Transfer_Encoding: ",
             b"X: y\r\n Transfer-Encoding: ", b"\0Transfer-Encoding: ")
    good = {b"chunked", b"Chunked", b" chunked", b"\tchunked"}
    for length, outcome in lengths:
        for name in names:
            for coding in codings:
                fields = [] if length is None else [b"Content-Length: " +
                                                    length]
                fields += [] if coding is None else [name + coding]
                if coding is None and name != names[0]:
                    continue
                is_name = name in names[:2]
                library = {(400, None)}  # says so itself, or the daemon
                if coding is None:
                    allowed = {(400, "empty_body")} if length is None else \
                        {outcome} if outcome else library
                elif name == names[3] and b"\r" not in coding and \
                        b"\0" not in coding and b"\x0b" not in coding:
                    allowed = {(400, "empty_body")} if length is None else \
                        {outcome} if outcome else library
                elif is_name and coding in good and length is None:
                    allowed = {one}
                elif is_name and coding in (b"gzip, chunked",
                                            b"chunked, chunked") and \
                        length is None:
                    allowed = {(501, "not_implemented")}
                else:
                    allowed = {HTTP} | library
                body = chunked(b"abcd") if coding is not None else b"abcd"
                yield Case(f"{fields}", request(
                    b"POST", b"/v1/detect", *fields,
                    b"Connection: close") + body, allowed)


def tensors():
    target = b"/v2/models/AHA/infer"

    def case(name, header, rest, told, *allowed):
        text = json.dumps(header).encode()
        fields = [] if told is None else [b"Inference-Header-Content-Length: " +
                                          str(told(len(text))).encode()]
        return Case("tensor: " + name, post(text + rest, *fields,
                                            target=target), set(allowed))

    def face(shape, **more):
        return {"inputs": [{"name": "face", "datatype": "UINT8",
                            "shape": shape, **more}]}

    plane = b"\x80" * 256
    sizes = (0, 1, 255, 257, -1, -256, 1 << 31, 1 << 32, 1 << 63, 10 ** 30,
             "256", None, True, 256.0, [], {})
    for size in sizes:
        for n in (0, 1, 255, 256, 257, 5000):
            yield case(f"size {size!r} and {n} bytes",
                       face([1, 1, 16, 16], parameters={
                           "binary_data_size": size}), b"\x80" * n, int,
                       TENSOR,
                       *((JSON,) if size in (1 << 63, 10 ** 30) else ()))
    for told in (0, -1, 1, 10, 1 << 31, 1 << 63, 1 << 64, 10 ** 40, "", "x",
                 "1 1", "+10", "0x10", " 9"):
        yield case(f"header of {told!r}", face([1, 1, 16, 16], parameters={
            "binary_data_size": 256}), plane, lambda _, told=told: told, TENSOR,
            JSON)
    for off in (-300, -200, -1, 1, 100, 256, 257):
        yield case(f"header off by {off}", face([1, 1, 16, 16], parameters={
            "binary_data_size": 256}), plane, lambda n, off=off: n + off,
            TENSOR, JSON)
    for shape in ([], [1], [16, 16], [1, 16, 16], [0, 1, 16, 16],
                  [65, 1, 16, 16], [1, 2, 16, 16], [1, 1, 15, 16],
                  [1, 1, 16, 1025], [-1, 1, 16, 16], [1, 1, -16, -16],
                  [1 << 62, 1, 16, 16], [1, 1, 1 << 31, 1 << 31],
                  [1.0, 1, 16, 16], ["1", 1, 16, 16], [1, 1, 16, 16, 1],
                  [None] * 4, "1,1,16,16", {"0": 1}, [[1], 1, 16, 16],
                  [64, 1, 1024, 1024], [16, 1, 1024, 1024]):
        for more in ({"data": [1] * 256}, {"parameters": {
                "binary_data_size": 256}}, {}):
            yield case(f"shape {shape}, {list(more)}", face(shape, **more),
                       plane if "parameters" in more else b"", int if
                       "parameters" in more else None, TENSOR, TOO_LARGE)
    for data in ([], [1] * 255, [1] * 257, [[1] * 256] * 2, ["1"] * 256,
                 [None] * 256, [[]] * 256, [[[[[1] * 256]]]], 1, "a" * 256, {},
                 [1] * 255 + [[1, 1]]):
        yield case(f"data {str(data)[:20]}", face([1, 1, 16, 16], data=data),
                   b"", None, TENSOR)
    for text in NASTY:
        for place in ("name", "datatype"):
            yield case(f"{place} {text[:20]!r}", face(
                [1, 1, 16, 16], data=[1] * 256, **{}) | {"inputs": [{
                    "name": "face", "datatype": "UINT8", "shape":
                    [1, 1, 16, 16], "data": [1] * 256, place: text}]}, b"",
                None, TENSOR)
        yield case(f"output {text[:20]!r}", face(
            [1, 1, 16, 16], data=[1] * 256) | {"outputs": [{"name": text}]},
            b"", None, TENSOR)
        yield Case(f"tensor: model {text[:20]!r}", post(
            b"{}", target=b"/v2/models/" + b"".join(
                b"%%%02x" % byte for byte in text.encode()) + b"/infer"),
            {NOT_FOUND, HTTP})
    yield Case("tensor: many numbers", post(
        json.dumps(face([1, 1, 1024, 1024], data=[1] * 300000)).encode(),
        target=target), {JSON})
    yield Case("tensor: much JSON", post(b'{"x":"' + b"a" * (8 << 20) + b'"}',
                                         target=target), {TOO_LARGE})


def usual_cases():
    """For a daemon as it starts by itself."""
    yield from framings()
    yield from targets()
    yield from tensors()
    yield from json_bodies()
    yield from forms()
    yield from content_types((TINY, "lossy.webp", "grey.jpg"))
    yield from polyglots((TINY, "grey.jpg", "orientation_6.webp"))
    yield from bombs()
    yield from toil()
    yield from truncations(USUAL)
    yield from flips(USUAL, 80)


def other_cases():
    """For one that takes every format there is."""
    yield from other_bombs()
    yield from truncations(OTHERS)
    yield from flips(OTHERS, 80)
    yield from polyglots(("plain.gif", "orientation_6.tiff"))
