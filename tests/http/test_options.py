# SPDX-License-Identifier: MIT
"""What each parameter does to an answer, and what is refused."""

import base64
import json
import unittest

from tests.http.daemon import (LABELS, LONG, Checks, Daemon, multipart, photo,
                               without_times)
from tests.http.photos import pair, png, portrait

FACE = {"face_id", "box", "detection_confidence", "landmarks", "pose",
        "quality", "expression", "attention"}
REGION = {"name", "branch", "weight", "probabilities", "evidence", "quad"}


def numbers(value):
    """All numbers of a JSON value, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    return [number for item in value for number in numbers(item)] \
        if isinstance(value, list) else [value]


class Options(Checks):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*LONG, "--max-faces", "8")
        _, _, cls.plain = cls.daemon.analyze(photo())

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    def good(self, query, body=None):
        status, _, answer = self.daemon.analyze(body or photo(), query)
        self.assertEqual(status, 200, answer)
        return answer

    def detect(self, query="", body=None):
        return self.daemon.send("/v1/detect" + query, body or photo())

    # ---- what is in an answer

    def test_default(self):
        face = self.plain["faces"][0]
        self.assertEqual(set(self.plain),
                         {"request_id", "model", "image", "faces", "skipped",
                          "timing_ms", "batch"})
        self.assertEqual(set(face), FACE)
        self.assertNotIn("logits", face["expression"])
        for region in face["attention"]["regions"]:
            self.assertEqual(set(region), REGION)

    def test_include(self):
        least = FACE - {"landmarks", "pose", "quality", "attention"}
        for words, face, region, has_timing in (
                ("", least, None, False),
                ("timing", least, None, True),
                ("pose", least | {"pose"}, None, False),
                ("quality,landmarks", least | {"quality", "landmarks"}, None,
                 False),
                ("attention", least | {"attention"}, REGION - {"evidence"},
                 False),
                ("evidence", least | {"attention"}, REGION, False),
                ("attention_map", least | {"attention"},
                 REGION - {"evidence"} | {"map"}, False)):
            answer = self.good("?include=" + words)
            self.assertEqual(set(answer["faces"][0]), face, words)
            self.assertEqual("timing_ms" in answer, has_timing, words)
            if region:
                for one in answer["faces"][0]["attention"]["regions"]:
                    self.assertEqual(set(one), region, words)
            self.assertEqual(answer["faces"][0]["expression"],
                             self.plain["faces"][0]["expression"])

    def test_evidence_sums_to_the_logits(self):
        face = self.good("?include=logits,evidence")["faces"][0]
        for label in LABELS:
            total = sum(region["evidence"][label]
                        for region in face["attention"]["regions"])
            self.assertAlmostEqual(face["expression"]["logits"][label], total,
                                   delta=1e-4)

    def test_maps(self):
        face = self.good("?include=attention_map")["faces"][0]
        for region in face["attention"]["regions"]:
            drawn = region["map"]
            self.assertEqual(len(drawn["values"]),
                             drawn["width"] * drawn["height"])
            self.assertTrue(all(0 <= v <= 1 for v in drawn["values"]))
            self.assertGreater(len(set(drawn["values"])), 1)

    def test_normalized(self):
        wide = pair()  # 768 x 512: the sides differ
        pixel = self.good("", wide)
        share = self.good("?coords=normalized", wide)
        for one, other in zip(pixel["faces"], share["faces"]):
            for name in one["landmarks"]:
                x, y = one["landmarks"][name]
                self.assertAlmostEqual(other["landmarks"][name][0], x / 768,
                                       delta=1e-4)
                self.assertAlmostEqual(other["landmarks"][name][1], y / 512,
                                       delta=2e-4)
            for key, side in (("x", 768), ("y", 512), ("width", 768),
                              ("height", 512)):
                self.assertAlmostEqual(other["box"][key],
                                       one["box"][key] / side, delta=2e-4)
        for where in (share["skipped"], [r["quad"] for f in share["faces"]
                                         for r in f["attention"]["regions"]]):
            self.assertTrue(all(-0.2 < n < 1.2 for n in numbers(where)
                                if not isinstance(n, str)), where)

    def test_sort(self):
        def faces(query):
            return self.good(query, pair())["faces"]

        by_size, by_left, by_confidence = map(
            faces, ("?sort=size", "?sort=left", "?sort=confidence"))
        self.assertEqual(len(by_size), 2)
        self.assertGreater(by_size[0]["box"]["width"],
                           by_size[1]["box"]["width"])
        self.assertLess(by_left[0]["box"]["x"], by_left[1]["box"]["x"])
        self.assertNotEqual(by_size[0]["box"], by_left[0]["box"])
        self.assertGreaterEqual(by_confidence[0]["detection_confidence"],
                                by_confidence[1]["detection_confidence"])
        for order in (by_size, by_left, by_confidence):
            self.assertEqual([face["face_id"] for face in order], [0, 1])
            self.assertEqual({face["expression"]["label"] for face in order},
                             {"happiness"})

    def test_max_faces(self):
        answer = self.good("?max_faces=1", pair())
        self.assertEqual(len(answer["faces"]), 1)
        self.assertGreater(answer["faces"][0]["box"]["width"], 80)
        self.assertIn("exceeds_max_faces",
                      [one["reason"] for one in answer["skipped"]])

    def test_min_face_size(self):
        answer = self.good("?min_face_size=70", pair())
        self.assertEqual(len(answer["faces"]), 1)
        answer = self.good("?min_face_size=400")
        self.assertEqual(answer["faces"], [])
        self.assertEqual(answer["skipped"][0]["reason"], "too_small")

    def test_top_k(self):
        best = sorted(self.plain["faces"][0]["expression"]["probabilities"],
                      key=self.plain["faces"][0]["expression"]
                      ["probabilities"].get, reverse=True)
        for k in (1, 3, 7):
            shown = self.good(f"?top_k={k}")["faces"][0]["expression"]
            self.assertEqual(list(shown["probabilities"]),
                             [label for label in LABELS if label in best[:k]])
            self.assertEqual(shown["label"], best[0])

    def test_det_threshold(self):
        """One that nothing reaches; the photo's only face scores less."""
        score = self.plain["faces"][0]["detection_confidence"]
        self.assertLess(score, 0.99)
        self.assertEqual(self.good("?det_threshold=0.99")["faces"], [])

    def test_on_no_face(self):
        answer = self.good("?min_face_size=400&on_no_face=empty")
        self.assertEqual(answer["faces"], [])
        for send in (self.daemon.analyze, lambda body, query:
                     self.daemon.send("/v1/detect" + query, body)):
            self.problem(send(photo(), "?min_face_size=400&on_no_face=error"),
                         422, "no_face")
        self.assertEqual(len(self.good("?on_no_face=error")["faces"]), 1)

    def test_aligned(self):
        """The crop is the face, whatever is in it; nothing is searched."""
        crop = png(112, 112, [row[3 * 166:3 * 278]
                              for row in portrait()[56:168]])
        answer = self.good("?input=aligned", crop)
        face = answer["faces"][0]
        self.assertEqual(face["box"], {"x": 0, "y": 0, "width": 112,
                                       "height": 112})
        self.assertEqual(face["expression"]["label"], "happiness")
        self.assertEqual(answer["skipped"], [])
        self.assertEqual(len(face["attention"]["regions"]), 7)
        grey = png(64, 64, [b"\x80" * 192] * 64)
        self.assertEqual(len(self.good("?input=aligned", grey)["faces"]), 1)

    # ---- ways to send them

    def test_json(self):
        text = base64.b64encode(photo()).decode()
        options = {"include": ["pose", "logits"], "top_k": 2,
                   "det_threshold": 0.5, "coords": "normalized"}
        query = ("?include=pose,logits&top_k=2&det_threshold=0.5"
                 "&coords=normalized")
        wanted = without_times(self.good(query))
        for kind, image in (("application/json", text),
                            ("application/json; charset=utf-8",
                             "data:image/jpeg;base64," + text)):
            status, _, answer = self.daemon.analyze(
                json.dumps({"options": options, "image": {"base64": image}}),
                headers={"Content-Type": kind})
            self.assertEqual(status, 200, answer)
            self.assertEqual(without_times(answer), wanted)

    def test_form(self):
        fields = [("include", None, b"logits"), ("top_k", None, b"2")]
        wanted = without_times(self.good("?include=logits&top_k=2"))
        for parts in (fields + [("file", "a.jpg", photo())],
                      [("file", "a.jpg", photo())] + fields):
            body, kind = multipart(parts)
            # wherever the pieces of the body end
            for size in (len(body), 7000):
                pieces = (body[i:i + size] for i in range(0, len(body), size))
                status, _, answer = self.daemon.send(
                    "/v1/analyze", pieces, {"Content-Type": kind})
                self.assertEqual(status, 200, answer)
                self.assertEqual(without_times(answer), wanted)

    def test_pieces(self):
        """A form is read the same wherever the network cuts it."""
        body, kind = multipart([("top_k", None, b"2"), ("include", None, b""),
                                ("file", "a.jpg", b"\rno photo"),
                                ("sort", None, b"left")])
        for cut in range(1, len(body) - 1):
            pieces = (body[:cut], body[cut:cut + 1], body[cut + 1:])
            self.problem(self.daemon.send("/v1/analyze", iter(pieces),
                                          {"Content-Type": kind}),
                         415, "unsupported_media_type")

    def test_given_twice_in_two_ways(self):
        body, kind = multipart([("top_k", None, b"2"),
                                ("file", "a.jpg", photo())])
        self.problem(self.daemon.analyze(body, "?top_k=2",
                                         {"Content-Type": kind}),
                     400, "invalid_parameter")

    # ---- detection alone

    def test_detect(self):
        status, _, answer = self.detect()
        self.assertEqual(status, 200, answer)
        self.assertEqual(set(answer), {"request_id", "image", "faces",
                                       "skipped", "timing_ms"})
        self.assertEqual(set(answer["timing_ms"]),
                         {"queue", "decode", "detect", "total"})
        face, whole = answer["faces"][0], self.plain["faces"][0]
        self.assertEqual(set(face), FACE - {"expression", "attention"})
        for key in ("box", "landmarks", "pose", "detection_confidence"):
            self.assertEqual(face[key], whole[key])
        _, _, least = self.detect("?include=&coords=normalized&sort=left")
        self.assertEqual(set(least["faces"][0]),
                         {"face_id", "box", "detection_confidence"})
        self.assertLess(least["faces"][0]["box"]["width"], 1)
        for query in ("?top_k=1", "?include=attention", "?input=aligned"):
            self.problem(self.detect(query), 400, "invalid_parameter")

    # ---- what is refused

    def test_strict(self):
        for query, word in (("?max_face=1", "max_face;"),
                            ("?max_faces=0", "1 to 8"),
                            ("?max_faces=9", "1 to 8"),
                            ("?max_faces=1.5", "whole"),
                            ("?max_faces=1&max_faces=2", "twice"),
                            ("?max_faces=", "max_faces"),
                            ("?max_faces", "max_faces"),
                            ("?max_faces=+1", "max_faces"),
                            ("?det_threshold=nan", "0.01 to 0.99"),
                            ("?det_threshold=-1", "0.01 to 0.99"),
                            ("?min_face_size=1e3", "number"),
                            ("?include=poses", "landmarks, pose"),
                            ("?include=pose,pose", "each once"),
                            ("?include=pose,", "include"),
                            ("?include", "include"),
                            ("?coords=percent", "pixel or normalized"),
                            ("?sort=Size", "size, confidence or left"),
                            ("?on_no_face=", "empty or error"),
                            ("?input=crop", "image or aligned"),
                            ("?top_k=8", "1 to 7")):
            body = self.problem(self.daemon.analyze(photo(), query), 400,
                                "invalid_parameter")
            self.assertIn(word, body["detail"], query)

    def test_strict_json(self):
        image = {"base64": base64.b64encode(photo()).decode()}
        for body, code in (
                ({"image": image, "options": {"top_k": True}},
                 "invalid_parameter"),
                ({"image": image, "options": {"include": ["pose,timing"]}},
                 "invalid_parameter"),
                ({"image": image, "options": {"max_faces": -1}},
                 "invalid_parameter"),
                ({"image": image, "options": {"x": 1}}, "invalid_parameter"),
                ({"image": image, "options": []}, "malformed_json"),
                ({"image": image, "extra": 1}, "malformed_json"),
                ({"image": {"base64": "%%%%"}}, "malformed_json"),
                ({"image": {"url": "file:///etc/passwd"}}, "malformed_json"),
                ({"image": "eA=="}, "malformed_json"),
                ({}, "missing_file"), ([], "malformed_json"),
                ("{", "malformed_json"),
                ('{"image": {}, "image": {}}', "malformed_json"),
                ("[" * 100000, "malformed_json")):
            text = body if isinstance(body, str) else json.dumps(body)
            self.problem(self.daemon.analyze(
                text, headers={"Content-Type": "application/json"}), 400, code)


if __name__ == "__main__":
    unittest.main()
