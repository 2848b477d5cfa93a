# SPDX-License-Identifier: MIT
"""Annotated pictures instead of JSON, by what the client accepts."""

import base64
import json
import struct
import unittest
import xml.etree.ElementTree as ElementTree

from tests.http.daemon import FAST, LONG, Checks, Daemon, photo
from tests.http.photos import pair, png_rows, portrait

SVG = "{http://www.w3.org/2000/svg}"


class Pictures(Checks):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*LONG)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    def draw(self, accept, body=None, query=FAST, kind="image/jpeg"):
        status, headers, content = self.daemon.ask(
            "POST", "/v1/analyze" + query, body or photo(),
            {"Accept": accept, "Content-Type": kind})
        self.assertEqual(status, 200, content)
        self.assertIn("infer;dur=", headers["Server-Timing"])
        return headers["Content-Type"], content

    def test_what_is_accepted(self):
        for accept, kind in (
                ("image/png", "image/png"), ("image/webp", "image/webp"),
                ("image/svg+xml", "image/svg+xml"), ("IMAGE/PNG", "image/png"),
                ("*/*", "application/json"), ("image/*", "image/png"),
                ("image/png;q=0.2, image/webp;q=0.9", "image/webp"),
                ("text/html, image/svg+xml;q=0.1", "image/svg+xml"),
                ("application/json, image/png", "application/json"),
                ("image/*;q=0.5, image/png;q=0", "image/webp")):
            self.assertEqual(self.draw(accept)[0], kind, accept)
        for accept in ("text/html", "image/gif", "image/png;q=0", "image",
                       "application/x-ndjson"):
            self.problem(self.daemon.ask("POST", "/v1/analyze", photo(),
                                         {"Accept": accept}), 406,
                         "not_acceptable")
        self.problem(self.daemon.ask("POST", "/v1/detect", photo(),
                                     {"Accept": "image/png"}), 406,
                     "not_acceptable")

    def test_png(self):
        width, height, rows = png_rows(self.draw("image/png")[1])
        self.assertEqual((width, height), (1024, 1024))  # small ones: doubled
        plain = portrait()
        drawn = {(x, y) for y in range(0, 512, 2) for x in range(0, 512, 2)
                 if rows[2 * y][6 * x:6 * x + 3] != plain[y][3 * x:3 * x + 3]}
        self.assertGreater(len(drawn), 100)
        # about the face, not about the rocket
        self.assertTrue(all(y < 350 for _, y in drawn))

    def test_webp(self):
        _, content = self.draw("image/webp", pair())
        self.assertEqual((content[:4], content[8:12]), (b"RIFF", b"WEBP"))
        self.assertEqual(struct.unpack("<I", content[4:8])[0] + 8,
                         len(content))
        # What it shows can be analysed again, at its own size.
        _, _, answer = self.daemon.analyze(content, "?max_faces=1")
        self.assertEqual((answer["image"]["format"], answer["image"]["width"],
                          answer["image"]["height"]), ("webp", 768, 512))

    def test_svg(self):
        _, _, answer = self.daemon.analyze(pair())
        _, content = self.draw("image/svg+xml", pair(), "")
        root = ElementTree.fromstring(content)
        self.assertEqual(root.tag, SVG + "svg")
        self.assertEqual(root.get("viewBox"), "0 0 768 512")
        self.assertEqual(root.find(SVG + "title").text,
                         f"Facial expressions of {len(answer['faces'])} faces")
        self.assertIn(b"happiness", content)
        for element in root.iter():
            self.assertIn(element.tag.replace(SVG, ""),
                          {"svg", "title", "desc", "g", "path", "rect", "text",
                           "circle", "line", "polygon", "polyline", "tspan"})
            for name, value in element.attrib.items():
                self.assertFalse(name.lower().startswith("on"), name)
                self.assertNotIn("href", name)
                self.assertNotIn("url(", value)
                self.assertNotIn("data:", value)

    def test_every_way_to_send(self):
        wanted = self.draw("image/svg+xml")[1]
        body = json.dumps({"options": {"min_face_size": 80}, "image": {
            "base64": base64.b64encode(photo()).decode()}})
        self.assertEqual(self.draw("image/svg+xml", body, "",
                                   "application/json")[1], wanted)
        self.assertEqual(self.draw("image/png", body, "",
                                   "application/json")[1],
                         self.draw("image/png")[1])

    def test_no_face_and_aligned(self):
        for query in ("?min_face_size=400", "?input=aligned"):
            for kind in ("image/png", "image/webp", "image/svg+xml"):
                self.assertEqual(self.draw(kind, query=query)[0], kind)

    def test_problems_stay_json(self):
        for body, query, status, code in (
                (b"no photo", "", 415, "unsupported_media_type"),
                (photo()[:9000], "", 422, "image_decode_failed"),
                (photo(), "?min_face_size=400&on_no_face=error", 422,
                 "no_face"),
                (photo(), "?top_k=0", 400, "invalid_parameter")):
            self.problem(self.daemon.ask("POST", "/v1/analyze" + query, body,
                                         {"Accept": "image/png"}), status,
                         code)
        self.assertTrue(self.daemon.reaches("aha_upload_bytes", 0))


if __name__ == "__main__":
    unittest.main()
