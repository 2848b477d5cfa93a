# SPDX-License-Identifier: MIT
"""POST /v1/batch: several photos, answered together or as they are done."""

import base64
import concurrent.futures
import json
import unittest

from tests.http.daemon import (FAST, LONG, Checks, Daemon, multipart, photo,
                               wait_for, without_times)
from tests.http.photos import pair

STREAM = {"Accept": "application/x-ndjson"}


def form(*files, **fields):
    return multipart([("file", f"{i}.jpg", file)
                      for i, file in enumerate(files)] +
                     [(name, None, value.encode())
                      for name, value in fields.items()])


def as_json(*files, **options):
    return json.dumps({"options": options, "images": [
        {"base64": base64.b64encode(file).decode()} for file in files]})


class Batch(Checks):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*LONG, "--max-source-bytes", "1000000",
                            "--max-batch-images", "8", "--max-request-bytes",
                            "4000000")
        _, _, cls.alone = cls.daemon.analyze(photo(), FAST)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    def send(self, body, kind="application/json", query=FAST, **headers):
        return self.daemon.send("/v1/batch" + query, body,
                                {"Content-Type": kind, **headers})

    def stream(self, body, kind="application/json", query=FAST):
        """The lines of an answer that streams, parsed."""
        status, headers, text = self.daemon.ask(
            "POST", "/v1/batch" + query, body, {"Content-Type": kind, **STREAM})
        self.assertEqual(status, 200, text)
        self.assertEqual(headers["Content-Type"], "application/x-ndjson")
        self.assertTrue(text.endswith(b"\n"))
        return [json.loads(line) for line in text.splitlines()]

    def check(self, results, *statuses):
        """One item a photo, in order; the good ones are as if alone."""
        self.assertEqual([(item["index"], item["status"])
                          for item in results], list(enumerate(statuses)))
        for item in results:
            if item["status"] == 200 and item["result"]["faces"]:
                self.assertEqual(set(item), {"index", "status", "result"})
                self.assertEqual(item["result"]["faces"], self.alone["faces"])
                self.assertEqual(set(item["result"]),
                                 set(self.alone) - {"request_id", "model"})
            elif item["status"] != 200:
                self.assertEqual(set(item), {"index", "status", "problem"})
                self.assertEqual(item["problem"]["status"], item["status"])

    # ---- together

    def test_form_and_json(self):
        """One broken photo fails alone, whatever is wrong with it."""
        files = (photo(), b"no photo", photo("huge.png"), b"", photo()[:5000],
                 b"\xff" * 1000001, photo())
        statuses = (200, 415, 422, 400, 422, 413, 200)
        codes = [None, "unsupported_media_type", "image_too_many_pixels",
                 "empty_body", "image_decode_failed", "payload_too_large",
                 None]
        for body, kind in (form(*files),
                           (as_json(*files[:3], photo(), *files[4:]),
                            "application/json")):
            status, headers, answer = self.send(body, kind)
            self.assertEqual(status, 200, answer)
            self.assertEqual(set(answer), {"request_id", "model", "results"})
            self.assertEqual(answer["model"], self.alone["model"])
            self.assertIn("infer;dur=", headers["Server-Timing"])
            if kind == "application/json":
                statuses, codes[3] = (200, 415, 422, 200, 422, 413, 200), None
            self.check(answer["results"], *statuses)
            self.assertEqual([item.get("problem", {}).get("code")
                              for item in answer["results"]], codes)
            self.assertEqual(answer["results"][5]["problem"]["limit"], 1000000)

    def test_empty_parts(self):
        """An empty part keeps its place."""
        status, _, answer = self.send(*form(b"", photo(), b""))
        self.assertEqual(status, 200, answer)
        self.check(answer["results"], 400, 200, 400)
        self.check(self.send(*form(b""))[2]["results"], 400)

    def test_options(self):
        for body, kind in (form(photo(), pair(), include="logits"),
                           (as_json(photo(), pair(), include=["logits"]),
                            "application/json")):
            status, _, answer = self.send(body, kind)
            self.assertEqual(status, 200, answer)
            self.assertEqual([len(item["result"]["faces"])
                              for item in answer["results"]], [1, 1])
            for item in answer["results"]:
                face = item["result"]["faces"][0]
                self.assertIn("logits", face["expression"])
                self.assertNotIn("landmarks", face)

    def test_no_face_as_an_error(self):
        _, _, answer = self.send(*form(photo(), photo()),
                                 "?min_face_size=400&on_no_face=error")
        self.check(answer["results"], 422, 422)
        self.assertEqual(answer["results"][0]["problem"]["code"], "no_face")

    def test_refused_whole(self):
        nine = [photo()] * 9
        for (body, kind), status, code in (
                (form(*nine), 400, "too_many_images"),
                ((as_json(*nine), "application/json"), 400,
                 "too_many_images"),
                (form(), 400, "missing_file"),
                ((as_json(), "application/json"), 400, "missing_file"),
                (("{}", "application/json"), 400, "missing_file"),
                (("", "application/json"), 400, "empty_body"),
                (("{", "application/json"), 400, "malformed_json"),
                ((as_json(photo(), top_k=0), "application/json"), 400,
                 "invalid_parameter"),
                (form(photo(), top_k="0"), 400, "invalid_parameter"),
                ((photo(), "image/jpeg"), 415, "unsupported_media_type"),
                (form(*[b"\xff" * 999999] * 5), 413, "payload_too_large")):
            for accept in ("application/json", "application/x-ndjson"):
                self.problem(self.send(body, kind, Accept=accept), status,
                             code)
        problem = self.problem(self.send(*form(*nine)), 400,
                               "too_many_images")
        self.assertEqual(problem["limit"], 8)
        self.problem(self.send(*form(photo()), Accept="text/html"), 406,
                     "not_acceptable")

    # ---- streamed

    def test_lines(self):
        files = (photo(), b"no photo", pair(), b"\xff" * 1000001, photo())
        for body, kind in (form(*files), (as_json(*files),
                                          "application/json")):
            lines = self.stream(body, kind)
            lines.sort(key=lambda line: line["index"])
            self.check([lines[0], lines[1],
                        {**lines[2], "result": {"faces": []}}, *lines[3:]],
                       200, 415, 200, 413, 200)
            self.assertEqual(len(lines[2]["result"]["faces"]), 1)

    def test_it_really_streams(self):
        """The first line is there while most photos still wait."""
        with Daemon(*LONG, "--workers", "1", "--max-batch-images",
                    "64") as daemon:
            body, kind = form(*[photo()] * 64)
            for body, kind in ((body, kind), (as_json(*[photo()] * 64),
                                              "application/json")):
                connection = daemon.connect()
                connection.request("POST", "/v1/batch", body,
                                   {"Content-Type": kind, **STREAM})
                answer = connection.getresponse()
                first = json.loads(answer.readline())
                waiting = daemon.metrics()["aha_queue_depth"]
                self.assertEqual(first["status"], 200)
                self.assertGreater(waiting, 0)
                connection.close()
                # The rest is not worked on, and its memory comes back.
                self.assertTrue(daemon.reaches("aha_upload_bytes", 0))
                self.assertTrue(daemon.reaches("aha_queue_depth", 0))
                self.assertTrue(daemon.reaches("http_server_active_requests",
                                               0))
            metrics = daemon.metrics()
            self.assertGreater(metrics["aha_abandoned_total"], 0)
            self.assertLess(metrics['aha_images_total{format="jpeg"}'], 128)
            status, _, answer = daemon.analyze(photo(), FAST)
            self.assertEqual(status, 200)
            self.assertEqual(without_times(answer), without_times(self.alone))

    def test_vanish_while_it_waits(self):
        """Without a stream too: nobody's photos are not worked on."""
        with Daemon(*LONG, "--workers", "1") as daemon:
            body, kind = form(*[photo()] * 32)
            connection = daemon.connect()
            connection.request("POST", "/v1/batch", body,
                               {"Content-Type": kind})
            self.assertTrue(wait_for(
                lambda: daemon.metrics()["aha_queue_depth"] > 0))
            connection.close()
            self.assertTrue(daemon.reaches("aha_upload_bytes", 0))
            self.assertTrue(daemon.reaches("http_server_active_requests", 0))
            self.assertGreater(daemon.metrics()["aha_abandoned_total"], 0)

    def test_a_short_queue(self):
        """All of a batch is taken or none; one too long for ever says so."""
        with Daemon(*LONG, "--workers", "1", "--max-queue-size",
                    "4") as daemon:
            for body, kind in (form(*[photo()] * 5),
                               (as_json(*[photo()] * 5), "application/json")):
                problem = self.problem(daemon.send(
                    "/v1/batch", body, {"Content-Type": kind}), 400,
                    "too_many_images")
                self.assertEqual(problem["limit"], 4)
            bodies = (form(*[photo()] * 3), (as_json(*[photo()] * 3),
                                             "application/json"))
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda i: daemon.ask(
                    "POST", "/v1/batch", bodies[i % 2][0],
                    {"Content-Type": bodies[i % 2][1],
                     **(STREAM if i % 4 > 1 else {})}), range(16)))
            self.assertEqual({status for status, _, _ in answers}, {200, 503})
            for answer in answers:
                if answer[0] == 503:
                    self.problem(answer, 503, "overloaded")
                    self.assertIn(int(answer[1]["Retry-After"]), range(1, 61))
                elif answer[1]["Content-Type"] == "application/json":
                    self.assertEqual([item["status"] for item in json.loads(
                        answer[2])["results"]], [200] * 3)
                else:
                    self.assertEqual([json.loads(line)["status"] for line in
                                      answer[2].splitlines()], [200] * 3)
            self.assertTrue(daemon.reaches("aha_upload_bytes", 0))


if __name__ == "__main__":
    unittest.main()
