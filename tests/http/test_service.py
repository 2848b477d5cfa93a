# SPDX-License-Identifier: MIT
"""POST /v1/analyze as its users meet it: good answers, bad input, limits."""

import concurrent.futures
import json
import socket
import time
import unittest

from tests.http.daemon import (FAST, LABELS, LONG, Checks, Daemon, multipart,
                               photo, without_times)
from tests.http.photos import png_header


class Service(Checks):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon("--max-source-bytes", "2000000", *LONG)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    # ---- good answers

    def check_portrait(self, answer):
        self.assertEqual(len(answer["faces"]), 1)
        face = answer["faces"][0]
        box = face["box"]
        centre = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.assertTrue(180 < centre[0] < 265 and 75 < centre[1] < 165, box)
        self.assertTrue(60 < box["width"] < 160, box)
        marks = face["landmarks"]
        self.assertGreater(marks["left_eye"][0], marks["right_eye"][0])
        self.assertGreater(marks["mouth_left"][1], marks["nose"][1])
        expression = face["expression"]
        self.assertEqual(list(expression["probabilities"]), LABELS)
        self.assertAlmostEqual(sum(expression["probabilities"].values()), 1,
                               delta=1e-6)
        self.assertEqual(expression["label"], "happiness")
        regions = face["attention"]["regions"]
        self.assertEqual(len(regions), 7)
        self.assertAlmostEqual(sum(r["weight"] for r in regions), 1,
                               delta=1e-5)
        self.assertAlmostEqual(sum(face["attention"]["branches"].values()), 1,
                               delta=1e-5)

    def test_raw(self):
        status, headers, answer = self.daemon.analyze(photo())
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(answer["request_id"], headers["X-Request-ID"])
        self.assertIn("infer;dur=", headers["Server-Timing"])
        self.assertEqual(answer["image"], {"width": 512, "height": 512,
                                           "format": "jpeg",
                                           "orientation_applied": 1})
        self.check_portrait(answer)

    def test_multipart(self):
        body, kind = multipart([("max_faces", None, b"3"),
                                ("file", "me.jpg", photo())])
        status, _, answer = self.daemon.analyze(body,
                                                headers={"Content-Type": kind})
        self.assertEqual(status, 200)
        self.check_portrait(answer)
        _, _, raw = self.daemon.analyze(photo())
        self.assertEqual(without_times(answer), without_times(raw))

    def test_chunked(self):
        pieces = [photo()[i:i + 10000] for i in range(0, len(photo()), 10000)]
        status, _, text = self.daemon.ask(
            "POST", "/v1/analyze", iter(pieces), {"Content-Type": "image/jpeg"},
            encode_chunked=False)
        self.assertEqual(status, 200)
        self.check_portrait(json.loads(text))

    def test_expect_continue_and_keep_alive(self):
        connection = self.daemon.connect()
        for _ in range(3):
            connection.request("POST", "/v1/analyze", photo(),
                               {"Expect": "100-continue"})
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200)
            self.check_portrait(json.loads(answer.read()))
        connection.close()

    def test_no_face_is_an_answer(self):
        status, _, answer = self.daemon.analyze(photo("rgb.png"))
        if status == 422:  # the fixture may be too small to hold a face
            self.assertEqual(answer["code"], "image_too_small")
        else:
            self.assertEqual((status, answer["faces"]), (200, []))

    def test_request_id(self):
        _, headers, _ = self.daemon.analyze(
            photo(), headers={"X-Request-ID": "my-id.42"})
        self.assertEqual(headers["X-Request-ID"], "my-id.42")
        for bad in ("a" * 65, "white space", "<script>"):
            _, headers, _ = self.daemon.analyze(
                photo(), headers={"X-Request-ID": bad})
            self.assertRegex(headers["X-Request-ID"], "^[0-9a-f]{32}$")

    def test_parallel_answers_are_identical(self):
        """Also of photos that went through the network together."""
        _, _, one = self.daemon.analyze(photo(), FAST)
        with Daemon(*LONG, "--max-batch-size", "16", "--max-queue-delay-us",
                    "20000") as batching:
            for daemon in (self.daemon, batching):
                with concurrent.futures.ThreadPoolExecutor(64) as pool:
                    answers = list(pool.map(
                        lambda _: daemon.analyze(photo(), FAST), range(64)))
                self.assertEqual({status for status, _, _ in answers}, {200})
                texts = {json.dumps(without_times(a)) for _, _, a in answers}
                self.assertEqual(texts, {json.dumps(without_times(one))})
            metrics = batching.metrics()
        sizes = {a["batch"]["size"] for _, _, a in answers}
        self.assertGreater(max(sizes), 1)
        self.assertLessEqual(max(sizes), 16)
        self.assertEqual(metrics["aha_batch_size_sum"], 64)
        self.assertLess(metrics["aha_batch_size_count"], 64)
        self.assertLess(metrics['aha_batch_size_bucket{le="1"}'],
                        metrics["aha_batch_size_count"])

    def test_metrics_count(self):
        before = self.daemon.metrics()
        self.daemon.analyze(photo(), FAST)
        after = self.daemon.metrics()
        for name in ("aha_faces_total", 'aha_images_total{format="jpeg"}',
                     'aha_expression_total{label="happiness"}'):
            self.assertEqual(after[name], before[name] + 1, name)

    # ---- bad input

    def test_no_such_path(self):
        for path in ("/v1/nothing", "/v1/analyze/", "//v1/info", "/livez",
                     "/metrics", "/web/../config.def", "/%ff",
                     "/v1/models/nobody"):
            self.problem(self.daemon.ask("GET", path), 404, "not_found")

    def test_bytes_that_are_no_text(self):
        """Whatever a problem quotes, it is JSON in UTF-8."""
        cut = "a" * 39 + "%C3%A9"  # where the quotation ends
        for path in ("/v1/models/%ff", "/v2/models/%ff/ready", "/web/%c3",
                     "/v1/models/" + cut):
            self.problem(self.daemon.ask("GET", path), 404, "not_found")
        for query in ("?%ff=1", "?sort=%ff", f"?{cut}=1"):
            self.problem(self.daemon.analyze(photo(), query), 400,
                         "invalid_parameter")
        form, kind = multipart([("name", None, b"1"), ("file", "", photo())])
        self.problem(self.daemon.analyze(
            form.replace(b'"name"', b'"\xff\xfe"'),
            headers={"Content-Type": kind}), 400, "invalid_parameter")
        body = json.dumps({"image": {"base64": "eA=="}, "a" * 39 + "é": 1},
                          ensure_ascii=False).encode()
        self.problem(self.daemon.analyze(
            body, headers={"Content-Type": "application/json"}), 400,
            "malformed_json")

    def test_wrong_method(self):
        for method, path, allow in (("GET", "/v1/analyze", "POST"),
                                    ("OPTIONS", "/v1/analyze", "POST"),
                                    ("FOO", "/v1/info", "GET, HEAD"),
                                    ("POST", "/", "GET, HEAD")):
            status, headers, text = self.daemon.ask(method, path)
            self.problem((status, headers, text), 405, "method_not_allowed")
            self.assertEqual(headers["Allow"], allow)

    def test_empty(self):
        self.problem(self.daemon.analyze(b""), 400, "empty_body")

    def test_not_an_image(self):
        for body in (b"hello", b"GIF89a" + b"\0" * 100, b"<svg/>" * 9,
                     b"%PDF-1.4", b"\0" * 5000):
            self.problem(self.daemon.analyze(body), 415,
                         "unsupported_media_type")

    def test_damaged(self):
        whole = photo()
        for n in (4, 100, len(whole) // 2, len(whole) - 200):
            self.problem(self.daemon.analyze(whole[:n]), 422,
                         "image_decode_failed")

    def test_too_many_pixels(self):
        body = self.problem(self.daemon.analyze(png_header(50000, 50000)), 422,
                            "image_too_many_pixels")
        self.assertEqual(body["limit"], 50000000)
        self.assertIn("50000 x 50000", body["detail"])

    def test_too_small(self):
        self.problem(self.daemon.analyze(png_header(5, 5)), 422,
                     "image_too_small")

    def test_too_many_bytes_declared(self):
        """Refused by Content-Length alone: no byte of the body is sent."""
        with self.daemon.socket() as client:
            client.sendall(b"POST /v1/analyze HTTP/1.1\r\nHost: a\r\n"
                           b"Content-Length: 999999999\r\n\r\n")
            answer = client.recv(65536).decode()
        self.assertTrue(answer.startswith("HTTP/1.1 413"), answer)
        body = json.loads(answer.split("\r\n\r\n", 1)[1])
        self.assertEqual((body["limit"], body["actual"]), (2000000, 999999999))

    def test_refused_by_its_headers(self):
        """A client that is still sending gets to read why."""
        body = b"\xff" * 3000000
        for path, kind, status, code in (
                ("/v1/analyze", "image/jpeg", 413, "payload_too_large"),
                ("/v1/analyze?top_k=0", "image/jpeg", 400,
                 "invalid_parameter"),
                ("/v1/batch", "image/jpeg", 415, "unsupported_media_type"),
                ("/v1/info", "image/jpeg", 405, "method_not_allowed"),
                ("/nowhere", "image/jpeg", 404, "not_found")):
            connection = self.daemon.connect()
            for text in (body, iter([body])):  # by its length, and chunked
                connection.request("POST", path, text, {"Content-Type": kind})
                answer = connection.getresponse()
                self.problem((answer.status, answer.headers, answer.read()),
                             status, code)
            connection.close()

    def test_too_many_bytes_chunked(self):
        pieces = (b"\xff\xd8\xff" + b"x" * 9997 for _ in range(250))
        status, headers, text = self.daemon.ask("POST", "/v1/analyze", pieces)
        self.problem((status, headers, text), 413, "payload_too_large")

    def test_multipart_mistakes(self):
        good, kind = multipart([("file", "a.jpg", photo())])
        cases = ((good[:-60], kind, "malformed_multipart"),
                 (good, "multipart/form-data", "malformed_multipart"),
                 (multipart([("max_faces", None, b"1")])[0], kind,
                  "missing_file"),
                 (multipart([("file", "a", photo()), ("file", "b", photo())])
                  [0], kind, "too_many_images"),
                 (multipart([("file", "a", b"")])[0], kind, "empty_body"),
                 (multipart([("file", "a", photo()), ("top_k", None, b"2\0")])
                  [0], kind, "invalid_parameter"),
                 (good.replace(b"\r\nContent-", b"\nContent-"), kind,
                  "malformed_multipart"))
        for body, content_type, code in cases:
            self.problem(self.daemon.analyze(
                body, headers={"Content-Type": content_type}), 400, code)

    def test_garbage(self):
        for noise in (b"\0" * 1000, b"GET\r\n\r\n", b"\xff" * 100,
                      b"POST /v1/analyze HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                      b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000):
            with self.daemon.socket() as client:
                client.settimeout(1)
                try:
                    client.sendall(noise)
                    client.shutdown(socket.SHUT_WR)
                    client.recv(65536)
                except OSError:
                    pass  # being cut off is an answer too
        self.assertEqual(self.daemon.admin("GET", "/livez")[0], 200)


class Limits(Checks):
    def test_vanishing_clients(self):
        """Their requests end and their bytes go, at the latest in time."""
        with Daemon(*LONG, "--body-timeout-s", "2") as daemon:
            for n in (0, 1000, len(photo())):
                for _ in range(5):
                    with daemon.socket() as client:
                        client.sendall(
                            b"POST /v1/analyze HTTP/1.1\r\nHost: a\r\n"
                            b"Content-Length: %d\r\n\r\n" % len(photo()))
                        client.sendall(photo()[:n])
            self.assertEqual(daemon.analyze(photo())[0], 200)
            self.assertTrue(daemon.reaches("http_server_active_requests", 0))
            self.assertTrue(daemon.reaches("aha_upload_bytes", 0))

    def test_slow_body(self):
        with Daemon("--body-timeout-s", "2") as daemon:
            with daemon.socket() as client:
                client.sendall(b"POST /v1/analyze HTTP/1.1\r\nHost: a\r\n"
                               b"Content-Length: 8\r\n\r\n")
                for byte in b"\xff\xd8\xff\xe0abcd":
                    client.sendall(bytes([byte]))
                    time.sleep(0.35)
                answer = client.recv(65536).decode()
            self.assertTrue(answer.startswith("HTTP/1.1 408"), answer)
            self.assertIn("body_timeout", answer)
            with daemon.socket() as client:  # silence is simply cut
                client.sendall(b"POST /v1/analyze HTTP/1.1\r\nHost: a\r\n"
                               b"Content-Length: 8\r\n\r\nab")
                self.assertEqual(client.recv(65536), b"")

    def test_deadline(self):
        with Daemon("--workers", "1", "--request-timeout-ms", "10") as daemon:
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                answers = list(pool.map(lambda _: daemon.analyze(photo()),
                                        range(32)))
            late = [body["code"] for status, _, body in answers
                    if status == 504]
            self.assertTrue(late)
            self.assertEqual(set(late), {"deadline_exceeded"})


if __name__ == "__main__":
    unittest.main()
