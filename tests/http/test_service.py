# SPDX-License-Identifier: MIT
"""The daemon as its users meet it: good answers, bad input, overload, stop."""

import concurrent.futures
import json
import os
import socket
import struct
import subprocess
import tempfile
import time
import unittest
import zlib

from tests.http.daemon import AHA, DATA, MODELS, Daemon, multipart, photo

LABELS = ["anger", "disgust", "fear", "happiness", "sadness", "surprise",
          "neutral"]


def without_times(answer):
    return {key: value for key, value in answer.items()
            if key not in ("request_id", "timing_ms")}


def png_header(width, height):
    """A PNG that claims a size and has almost no pixels."""
    def chunk(kind, body):
        return (struct.pack(">I", len(body)) + kind + body +
                struct.pack(">I", zlib.crc32(kind + body)))
    return (b"\x89PNG\r\n\x1a\n" +
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0,
                                       0)) +
            chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b""))


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon("--max-source-bytes", "2000000",
                            "--request-timeout-ms", "600000")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    def problem(self, answer, status, code):
        got, headers, body = answer
        self.assertEqual(got, status, body)
        self.assertEqual(headers["Content-Type"], "application/problem+json")
        self.assertEqual(body["code"], code)
        self.assertEqual(body["status"], status)
        self.assertEqual(body["request_id"], headers["X-Request-ID"])
        self.assertTrue(body["detail"].strip().endswith("."), body["detail"])
        return body

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
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(
                lambda _: self.daemon.analyze(photo()), range(64)))
        self.assertEqual({status for status, _, _ in answers}, {200})
        texts = {json.dumps(without_times(a)) for _, _, a in answers}
        self.assertEqual(len(texts), 1)

    def test_platform(self):
        for path, text in (("/livez", b"live\n"), ("/readyz", b"ready\n")):
            self.assertEqual(self.daemon.ask("GET", path)[::2], (200, text))
            status, headers, body = self.daemon.ask("HEAD", path)
            self.assertEqual((status, body), (200, b""))
            self.assertEqual(int(headers["Content-Length"]), len(text))

    def metric(self, line):
        text = self.daemon.ask("GET", "/metrics")[2].decode()
        for row in text.splitlines():
            if row.startswith(line + " "):
                return float(row.rsplit(" ", 1)[1])
        self.fail(f"{line} is not in\n{text}")

    def test_metrics(self):
        self.daemon.analyze(photo())
        before = self.metric("aha_faces_total")
        self.daemon.analyze(photo())
        self.assertEqual(self.metric("aha_faces_total"), before + 1)
        happy = self.metric('aha_expression_total{label="happiness"}')
        self.assertGreaterEqual(happy, 2)
        self.assertGreater(self.metric("process_resident_memory_bytes"), 1e6)
        text = self.daemon.ask("GET", "/metrics")[2].decode()
        typed = {row.split()[2] for row in text.splitlines()
                 if row.startswith("# TYPE")}
        for row in text.splitlines():
            if not row.startswith("#"):
                name = row.split("{")[0].split(" ")[0]
                for end in ("_bucket", "_sum", "_count"):
                    if name.endswith(end) and name[:-len(end)] in typed:
                        name = name[:-len(end)]
                self.assertIn(name, typed)

    # ---- bad input

    def test_no_such_path(self):
        status, headers, text = self.daemon.ask("GET", "/v1/nothing")
        self.problem((status, headers, json.loads(text)), 404, "not_found")

    def test_wrong_method(self):
        for method, path, allow in (("GET", "/v1/analyze", "POST"),
                                    ("DELETE", "/livez", "GET, HEAD")):
            status, headers, text = self.daemon.ask(method, path)
            self.problem((status, headers, json.loads(text)), 405,
                         "method_not_allowed")
            self.assertEqual(headers["Allow"], allow)

    def test_options_are_strict(self):
        for query, word in (("?max_face=1", "max_face"),
                            ("?max_faces=0", "1 to 64"),
                            ("?max_faces=1.5", "whole"),
                            ("?max_faces=1&max_faces=2", "twice"),
                            ("?max_faces=", "max_faces"),
                            ("?max_faces", "max_faces"),
                            ("?det_threshold=nan", "0.01 to 0.99"),
                            ("?det_threshold=-1", "0.01 to 0.99"),
                            ("?min_face_size=1e3", "number")):
            body = self.problem(self.daemon.analyze(photo(), query), 400,
                                "invalid_parameter")
            self.assertIn(word, body["detail"], query)
        form, kind = multipart([("file", "a.jpg", photo()),
                                ("sort", None, b"size")])
        self.problem(self.daemon.analyze(form, headers={"Content-Type": kind}),
                     400, "invalid_parameter")

    def test_options_work(self):
        _, _, answer = self.daemon.analyze(photo(), "?min_face_size=400")
        self.assertEqual(answer["faces"], [])
        self.assertEqual(answer["skipped"][0]["reason"], "too_small")

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

    def test_too_many_bytes_chunked(self):
        pieces = (b"\xff\xd8\xff" + b"x" * 9997 for _ in range(250))
        status, headers, text = self.daemon.ask("POST", "/v1/analyze", pieces)
        self.problem((status, headers, json.loads(text)), 413,
                     "payload_too_large")

    def test_multipart_mistakes(self):
        good, kind = multipart([("file", "a.jpg", photo())])
        cases = ((good[:-60], kind, "malformed_multipart"),
                 (good, "multipart/form-data", "malformed_multipart"),
                 (multipart([("max_faces", None, b"1")])[0], kind,
                  "missing_file"),
                 (multipart([("file", "a", photo()), ("file", "b", photo())])
                  [0], kind, "invalid_parameter"),
                 (multipart([("file", "a", b"")])[0], kind, "empty_body"))
        for body, content_type, code in cases:
            self.problem(self.daemon.analyze(
                body, headers={"Content-Type": content_type}), 400, code)

    def test_garbage(self):
        for noise in (b"\0" * 1000, b"GET\r\n\r\n", b"\xff" * 100,
                      b"POST /v1/analyze HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                      b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000):
            with self.daemon.socket() as client:
                try:
                    client.sendall(noise)
                    client.shutdown(socket.SHUT_WR)
                    client.recv(65536)
                except OSError:
                    pass  # being cut off is an answer too
        self.assertEqual(self.daemon.ask("GET", "/livez")[0], 200)

    def test_vanishing_clients(self):
        for n in (0, 1000, len(photo())):
            for _ in range(5):
                client = self.daemon.socket()
                client.sendall(b"POST /v1/analyze HTTP/1.1\r\nHost: a\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(photo()))
                client.sendall(photo()[:n])
                client.close()
        status, _, answer = self.daemon.analyze(photo())
        self.assertEqual(status, 200)
        self.check_portrait(answer)


class Limits(unittest.TestCase):
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

    def test_overload_and_recovery(self):
        with Daemon("--workers", "1", "--max-queue-size", "1") as daemon:
            with concurrent.futures.ThreadPoolExecutor(24) as pool:
                answers = list(pool.map(lambda _: daemon.analyze(photo()),
                                        range(48)))
            statuses = [status for status, _, _ in answers]
            self.assertEqual(set(statuses), {200, 503})
            for status, headers, body in answers:
                if status == 503:
                    self.assertEqual(body["code"], "overloaded")
                    self.assertTrue(1 <= int(headers["Retry-After"]) <= 60)
            self.assertEqual(daemon.analyze(photo())[0], 200)

    def test_deadline(self):
        with Daemon("--workers", "1", "--request-timeout-ms", "10") as daemon:
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                answers = list(pool.map(lambda _: daemon.analyze(photo()),
                                        range(32)))
            late = [body["code"] for status, _, body in answers
                    if status == 504]
            self.assertTrue(late)
            self.assertEqual(set(late), {"deadline_exceeded"})

    def test_stop_loses_nothing(self):
        """SIGTERM under load: whatever was accepted is answered."""
        with Daemon("--grace-period-s", "60") as daemon:
            outcomes = []

            def client(_):
                while True:
                    try:
                        status = daemon.analyze(photo())[0]
                    except (ConnectionRefusedError, ConnectionResetError):
                        return  # not accepted: the listener is gone
                    outcomes.append(status)
                    if status == 503:
                        return

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                done = [pool.submit(client, i) for i in range(8)]
                while len(outcomes) < 8:
                    time.sleep(0.05)
                self.assertEqual(daemon.stop(), 0)
                for one in done:
                    one.result()
            self.assertLessEqual(set(outcomes), {200, 503})
            answered = sum(line.get("status") == 200 and
                           line.get("path") == "/v1/analyze"
                           for line in daemon.log())
            self.assertEqual(outcomes.count(200), answered)

    def test_log_says_nothing_of_the_photo(self):
        with Daemon() as daemon:
            daemon.analyze(photo(), headers={"X-Request-ID": "look-for-me"})
            daemon.ask("GET", "/%22%0a{evil}")
            daemon.stop()
        lines = [line for line in daemon.log() if "status" in line]
        line = next(line for line in lines
                    if line["request_id"] == "look-for-me")
        self.assertEqual((line["status"], line["faces"]), (200, 1))
        self.assertEqual(line["bytes"], len(photo()))


class Start(unittest.TestCase):
    def refuse(self, *flags):
        result = subprocess.run([AHA, "serve", "--port", "0", *flags],
                                capture_output=True, text=True, timeout=120)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        return result.returncode, result.stderr

    def test_wrong_options(self):
        for flags, word in ((("--prot", "1"), "--prot"),
                            (("--workers", "many"), "whole number"),
                            (("--port", "70000"), "65535"),
                            (("--port",), "needs a value"),
                            (("--log-format", "xml"), "pretty")):
            status, text = self.refuse(*flags)
            self.assertEqual(status, 2)
            self.assertIn(word, text)

    def test_environment(self):
        result = subprocess.run(
            [AHA, "serve"], capture_output=True, text=True, timeout=120,
            env={**os.environ, "AHA_PORT": "http"})
        self.assertEqual(result.returncode, 2)
        self.assertIn("AHA_PORT", result.stderr)

    def test_help(self):
        result = subprocess.run([AHA, "serve", "--help"], capture_output=True,
                                text=True, timeout=120)
        self.assertEqual(result.returncode, 0)
        self.assertIn("$AHA_MAX_SOURCE_BYTES", result.stdout)

    def test_no_models(self):
        status, text = self.refuse("--models", "/nowhere")
        self.assertEqual(status, 1)
        self.assertIn("/nowhere", text)

    def test_damaged_weights(self):
        names = ("detector", "landmarks", "expression")
        for damaged in names:
            with tempfile.TemporaryDirectory() as folder:
                for name in names:
                    with open(os.path.join(MODELS, name + ".safetensors"),
                              "rb") as stream:
                        content = stream.read()
                    if name == damaged:
                        content = content[:-100]
                    with open(os.path.join(folder, name + ".safetensors"),
                              "wb") as stream:
                        stream.write(content)
                status, text = self.refuse("--models", folder)
            self.assertEqual(status, 1)
            self.assertIn(damaged + ".safetensors: tensor ", text)

    def test_port_in_use(self):
        with Daemon() as daemon:
            status, text = self.refuse("--bind", "127.0.0.1", "--port",
                                       str(daemon.port), "--models", MODELS)
        self.assertEqual(status, 1)
        self.assertIn("choose another --port", text)


class CommandLine(unittest.TestCase):
    def run_aha(self, *arguments):
        return subprocess.run([AHA, *arguments], capture_output=True, text=True,
                              timeout=300)

    def test_predict(self):
        portrait = os.path.join(DATA, "astronaut.jpg")
        table = self.run_aha("predict", "--models", MODELS, portrait)
        self.assertEqual(table.returncode, 0, table.stderr)
        self.assertIn("happiness", table.stdout)
        lines = self.run_aha("predict", "--models", MODELS, "--ndjson",
                             portrait, "missing.jpg", __file__)
        self.assertEqual(lines.returncode, 1)
        good, missing, text = map(json.loads, lines.stdout.splitlines())
        self.assertEqual(good["faces"][0]["expression"]["label"], "happiness")
        self.assertEqual(good["file"], portrait)
        self.assertEqual(missing["error"]["code"], "io_error")
        self.assertEqual(text["error"]["code"], "unsupported_format")
        array = self.run_aha("predict", "--models", MODELS, "--json", portrait)
        self.assertEqual(len(json.loads(array.stdout)), 1)

    def test_inspect(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "sheet.png")
            result = self.run_aha("inspect", os.path.join(DATA,
                                                          "astronaut.jpg"),
                                  "--out", out, "--models", MODELS)
            self.assertEqual(result.returncode, 0, result.stderr)
            with open(out, "rb") as stream:
                self.assertEqual(stream.read(8), b"\x89PNG\r\n\x1a\n")
        self.assertIn("left_eye", result.stdout)

    def test_version_and_help(self):
        self.assertIn("OpenBLAS",
                      self.run_aha("version", "--models", MODELS).stdout)
        self.assertEqual(self.run_aha("--help").returncode, 0)
        self.assertEqual(self.run_aha("frobnicate").returncode, 2)
        self.assertEqual(self.run_aha("predict").returncode, 2)


if __name__ == "__main__":
    unittest.main()
