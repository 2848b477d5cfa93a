# SPDX-License-Identifier: MIT
"""HTTP/1.1 as RFC 9110 and RFC 9112 have it, section by section.

What libmicrohttpd answers before the daemon is asked has no problem body; it
is noted as `None` here.
"""

import json
import unittest

from tests.http.daemon import FAST, LONG, Checks, Daemon, photo
from tests.http.wire import HOST, Wire, chunked, request

GETS = (b"/v1/info", b"/v1/models", b"/v1/models/AHA", b"/v2",
        b"/v2/health/live", b"/v2/health/ready", b"/v2/models/AHA",
        b"/v2/models/AHA/ready", b"/", b"/docs", b"/openapi.yaml",
        b"/openapi.json", b"/web/style.css")
POSTS = (b"/v1/analyze", b"/v1/detect", b"/v1/batch",
         b"/v2/models/AHA/infer")
INFO = request(b"GET", b"/v1/info")
TE = b"Transfer-Encoding: "
CL = b"Content-Length: "


class Protocol(Checks):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*LONG, "--workers", "1", "--body-timeout-s", "60")
        cls.addClassCleanup(cls.daemon.__exit__)

    def wire(self):
        wire = Wire(self.daemon)
        self.addCleanup(wire.socket.close)
        return wire

    def refused(self, data, status, code="malformed_request"):
        """An answer after which the connection ends."""
        wire = self.wire()
        answer = wire.ask(data)
        self.assertEqual((answer.status, answer.code), (status, code),
                         data[:200])
        self.assertTrue(answer.is_last, data[:200])
        if code is not None:  # the library's own may have its head twice
            self.assertTrue(wire.is_ended(), data[:200])
        return answer

    def fine(self, data, status=200, code=None):
        """An answer after which the connection goes on."""
        wire = self.wire()
        answer = wire.ask(data)
        self.assertEqual((answer.status, answer.code), (status, code),
                         data[:200])
        self.assertFalse(answer.is_last, data[:200])
        self.assertEqual(wire.ask(INFO).status, 200, data[:200])
        return answer


class Messages(Protocol):
    """RFC 9112."""

    def test_9112_2_2_lines(self):
        """Empty lines may come first; LF alone, NUL and CR alone may not."""
        self.fine(b"\r\n\r\n" + INFO)
        for data in (INFO.replace(b"\r\n", b"\n"),
                     INFO.replace(b"\r\n", b"\n", 1),
                     INFO.replace(b"a\r\n", b"a\n"), INFO[:-2] + b"\n",
                     request(b"GET", b"/v1/info", b"X: a\0b"),
                     request(b"GET", b"/v1/info", b"X: a\0"),
                     request(b"GET", b"/v1/info\0"),
                     request(b"GET", b"/v1/info", b"X: a\rb"),
                     request(b"GET", b"/v1/info", b"X: a\x7f")):
            self.refused(data, 400)
        for data in (request(b"GET", b"/v1/info", b"X\0: a"),
                     request(b"GET", b"/v1/info", version=b"HTTP/1.1\0")):
            self.refused(data, 400, None)

    def test_9112_2_3_versions(self):
        self.fine(request(b"GET", b"/v1/info", version=b"HTTP/1.2"))
        for version in (b"HTTP/2.0", b"HTTP/3.0"):
            self.refused(request(b"GET", b"/", version=version), 505, None)
        for version in (b"HTTP/1", b"HTTP/1.1.1", b"http/1.1", b"HTCP/1.1",
                        b"HTTP/1.1 "):
            self.refused(request(b"GET", b"/", version=version), 400, None)
        self.refused(b"GET /\r\n\r\n", 400, None)

    def test_9112_3_request_line(self):
        for data in (b"GET  /v1/info HTTP/1.1\r\n" + HOST + b"\r\n",
                     b"GET /v1/info  HTTP/1.1\r\n" + HOST + b"\r\n",
                     b"GET /v1/ info HTTP/1.1\r\n" + HOST + b"\r\n",
                     b"GET /v1/info\t HTTP/1.1\r\n" + HOST + b"\r\n"):
            self.refused(data, 400)
        self.refused(request(b"GET", b"/" + b"a" * 40000), 414, None)
        self.fine(request(b"GET", b"/" + b"a" * 20000), 404, "not_found")

    def test_9112_3_2_host(self):
        for host in (b"", HOST + HOST, b"Host: a\r\nhost: b\r\n",
                     b"Host: a/b\r\n", b"Host: a b\r\n", b"Host: u@a\r\n",
                     b"Host: a,b\r\nHost: a\r\n"):
            self.refused(request(b"GET", b"/v1/info", host=host), 400)
        for host in (b"Host:\r\n", b"Host: [::1]:80\r\n", b"Host: a.b:80 \r\n",
                     b"Host: xn--bcher-kva.example\r\n"):
            self.fine(request(b"GET", b"/v1/info", host=host))

    def test_9112_3_2_targets(self):
        """3.2.1 origin, 3.2.2 absolute, 3.2.3 authority, 3.2.4 asterisk."""
        for target in (b"http://a/v1/info", b"HTTP://a:80/v1/info",
                       b"https://[::1]/v1/info", b"http://other/v1/info?x",
                       b"http://a", b"http://a?x=1"):
            self.fine(request(b"GET", target))
        self.fine(request(b"OPTIONS", b"*"), 404, "not_found")
        self.refused(request(b"CONNECT", b"a:80"), 400)
        for target in (b"v1/info", b"http:///v1/info", b"http://u@a/v1/info",
                       b"http://a%2f/v1/info", b"ftp://a/", b"?", b"**"):
            self.refused(request(b"GET", target), 400)

    def test_9112_5_fields(self):
        """A name is a token right before its colon (5.1)."""
        for field in (b"X : a", b": a", b"X\t: a", b"X Y: a", b"(x): a",
                      b"X\xc3\xa4: a", b"Content-Length : 0"):
            self.refused(request(b"GET", b"/v1/info", field), 400)
        self.refused(request(b"GET", b"/v1/info", b"X"), 400, None)
        for field in (b"X:", b"X:\t a \t", b"X: \xc3\xa4",
                      b"!#$%&'*+-.^_`|~: a"):
            self.fine(request(b"GET", b"/v1/info", field))

    def test_9112_5_2_folding(self):
        for fields in ((b"X: a", b" b"), (b"X: a", b"\tb", b"Y: c"),
                       (b"X: a", b" ", b"Y: c"),
                       (b"Content-Leng: 4", b" th"),
                       (b"Transfer-Enco: chunked", b" ding")):
            self.refused(request(b"POST", b"/v1/analyze", *fields), 400)
        self.refused(request(b"GET", b"/v1/info", host=b" Host: a\r\n"), 400)

    def test_9112_6_1_transfer_encoding(self):
        body = chunked(b"abcd")
        for coding in (b"xchunked", b"gzip", b"identity", b"chunked, gzip", b"",
                       b"chunked ", b"\x0bchunked", b"chunked;q=1",
                       b"chunked,", b"\"chunked\""):
            self.refused(request(b"POST", b"/v1/analyze", TE + coding) + body,
                         400)
        self.refused(request(b"POST", b"/v1/analyze", TE + b"gzip, chunked") +
                     body, 501, "not_implemented")
        for fields in ((TE + b"chunked", TE + b"chunked"),
                       (TE + b"chunked", TE + b"identity"),
                       (TE + b"chunked", CL + b"4"),
                       (CL + b"4", TE + b"chunked")):
            self.refused(request(b"POST", b"/v1/analyze", *fields) + body, 400)
        self.refused(request(b"POST", b"/v1/analyze", TE + b"chunked",
                             version=b"HTTP/1.0") + body, 400)
        for name in (b"transfer-encoding: ", TE):
            self.fine(request(b"POST", b"/v1/analyze", name + b"cHuNkEd") +
                      body, 415, "unsupported_media_type")

    def test_9112_6_3_lengths(self):
        for fields in ((CL + b"4", CL + b"4"), (CL + b"4", CL + b"5"),
                       (CL + b"0", CL + b"44")):
            self.refused(request(b"POST", b"/v1/analyze", *fields) + b"abcd",
                         400)
        for length in (b"+4", b"-4", b"0x4", b"4, 4", b"4 4", b"", b"four",
                       b"4.0", b"\xd9\xa4"):
            self.refused(request(b"POST", b"/v1/analyze", CL + length) +
                         b"abcd", 400, None)
        self.refused(request(b"POST", b"/v1/analyze", CL + b"9" * 30), 413,
                     None)
        self.refused(request(b"POST", b"/v1/analyze", CL + b"9" * 18), 413,
                     "payload_too_large")
        self.fine(request(b"POST", b"/v1/analyze", CL + b"0004") + b"abcd", 415,
                  "unsupported_media_type")
        # Neither: there is no body.
        self.fine(request(b"POST", b"/v1/analyze"), 400, "empty_body")

    def test_9112_6_3_a_body_that_is_not_wanted(self):
        """It is read, and what follows is a request of its own."""
        self.fine(request(b"GET", b"/v1/info", body=INFO))
        self.fine(request(b"GET", b"/v1/info", TE + b"chunked") +
                  chunked(INFO))
        self.fine(request(b"GET", b"/nothing", body=INFO), 404, "not_found")

    def test_9112_7_1_chunks(self):
        head = request(b"POST", b"/v1/analyze" + FAST.encode(), TE + b"chunked",
                       b"Content-Type: image/jpeg")
        whole = photo()
        pieces = [whole[i:i + 999] for i in range(0, len(whole), 999)]
        self.fine(head + chunked(*pieces))
        # 7.1.1 extensions are passed over; 7.1.2 so are trailers
        extended = b"%X;a;b=c;d=\"e\"\r\n%s\r\n00;end\r\n" % (len(whole), whole)
        self.fine(head + extended + b"\r\n")
        self.fine(head + extended + b"X-T: y\r\nContent-Length: 3\r\n\r\n")
        for body in (b"zz\r\nabcd\r\n0\r\n\r\n", b"-4\r\nabcd\r\n0\r\n\r\n",
                     b"0x4\r\nabcd\r\n0\r\n\r\n", b" 4\r\nabcd\r\n0\r\n\r\n",
                     b"\r\nabcd\r\n0\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n",
                     b"4\r\nabcd\r\n0\r\nno field\r\n\r\n"):
            self.refused(head + body, 400, None)
        self.refused(head + b"f" * 17 + b"\r\n", 413, None)

    def test_9112_9_3_persistence(self):
        wire = self.wire()
        for _ in range(3):
            self.assertFalse(wire.ask(INFO).is_last)
        self.assertTrue(wire.ask(request(b"GET", b"/v1/info",
                                         b"Connection: close")).is_last)
        self.assertTrue(wire.is_ended())
        old = request(b"GET", b"/v1/info", host=b"", version=b"HTTP/1.0")
        wire = self.wire()
        self.assertEqual(wire.ask(old).status, 200)
        self.assertTrue(wire.is_ended())
        wire = self.wire()
        for _ in range(2):
            answer = wire.ask(request(b"GET", b"/v1/info",
                                      b"Connection: keep-alive", host=b"",
                                      version=b"HTTP/1.0"))
            self.assertEqual(answer.headers["connection"].lower(),
                             "keep-alive")

    def test_9112_9_3_2_pipelining(self):
        """Answers come in the order of the requests, bodies or not."""
        asked = [(request(b"GET", b"/v1/models"), 200),
                 (request(b"POST", b"/v1/analyze", body=b"abcd"), 415),
                 (request(b"GET", b"/nothing"), 404),
                 (request(b"POST", b"/v1/analyze", TE + b"chunked") +
                  chunked(b"ab", b"cd"), 415),
                 (request(b"PUT", b"/v1/info", body=INFO), 405),
                 (INFO, 200)] * 20
        wire = self.wire()
        wire.send(b"".join(data for data, _ in asked))
        self.assertEqual([wire.answer().status for _ in asked],
                         [status for _, status in asked])

    def test_9112_9_6_half_closed(self):
        """A client that has said all it wants gets its answer."""
        wire = self.wire()
        wire.send(INFO)
        wire.socket.shutdown(1)
        self.assertEqual(wire.answer().status, 200)
        self.assertTrue(wire.is_ended())


class Semantics(Protocol):
    """RFC 9110, RFC 3986, RFC 6585."""

    def test_9110_9_3_2_head(self):
        wire = self.wire()
        for path in GETS:
            full = wire.ask(request(b"GET", path))
            self.assertEqual(full.status, 200, path)
            head = wire.ask(request(b"HEAD", path), "HEAD")
            same = ("content-type", "content-length", "etag", "cache-control")
            self.assertEqual([head.headers.get(name) for name in same],
                             [full.headers.get(name) for name in same], path)
        for path in POSTS + (b"/nothing",):
            answer = wire.ask(request(b"HEAD", path), "HEAD")
            self.assertEqual(answer.status, 404 if path == b"/nothing" else 405)
        self.assertEqual(wire.ask(INFO).status, 200)

    def test_9110_15_5_6_allow(self):
        """Every method but the path's own, known or not, is 405."""
        wire = self.wire()
        for paths, allow, others in (
                (GETS, "GET, HEAD", (b"POST", b"OPTIONS")),
                (POSTS, "POST", (b"GET", b"OPTIONS"))):
            for path in paths:
                for method in others + (b"PUT", b"DELETE", b"PATCH", b"TRACE",
                                        b"CONNECT", b"FROB", b"get", b"M!"):
                    answer = wire.ask(request(method, path, body=b"abcd"))
                    self.assertEqual((answer.status, answer.code),
                                     (405, "method_not_allowed"))
                    self.assertEqual(answer.headers["allow"], allow)

    def test_9110_10_1_1_expect(self):
        path = b"/v1/analyze" + FAST.encode()
        expect = b"Expect: 100-Continue"
        wire = self.wire()
        head = request(b"POST", path, expect, CL + b"%d" % len(photo()))
        self.assertEqual(wire.ask(head).status, 100)
        answer = wire.ask(photo())
        self.assertEqual(answer.status, 200)
        self.assertEqual(len(json.loads(answer.body)["faces"]), 1)
        # Refused before the body is asked for.
        for target, fields, status, code in (
                (path, (CL + b"99999999",), 413, "payload_too_large"),
                (b"/v1/analyze?x=1", (CL + b"4",), 400, "invalid_parameter"),
                (b"/nothing", (CL + b"4",), 404, "not_found"),
                (b"/v1/info", (CL + b"4",), 405, "method_not_allowed"),
                (path, (CL + b"4", b"Accept: text/html"), 406,
                 "not_acceptable")):
            self.refused(request(b"POST", target, expect, *fields), status,
                         code)
        self.refused(request(b"POST", path, b"Expect: tea", body=b"abcd"), 417,
                     "expectation_failed")
        # HTTP/1.0 has no such thing.
        old = request(b"POST", path, b"Expect: tea", body=b"abcd",
                      version=b"HTTP/1.0")
        self.assertEqual(self.wire().ask(old).status, 415)

    def test_3986_2_1_percent_encoding(self):
        self.fine(request(b"GET", b"/v1/%69nfo"))
        self.fine(request(b"POST", b"/v1/detect?s%6frt=%73ize", body=b"abcd"),
                  415, "unsupported_media_type")
        for target in (b"/%", b"/%4", b"/%4g", b"/%%", b"/v1/info%00",
                       b"/v1/info?%00", b"/v1/analyze?sort=size%00x",
                       b"/v1/info?%", b"/v1%2finfo", b"/v1%2Finfo",
                       b"/v1/\xc3\xa4", b"/v1/\x01"):
            self.refused(request(b"GET", target), 400)
        # Decoded once: a percent sign is no escape any more.
        self.fine(request(b"GET", b"/v1/%2569nfo"), 404, "not_found")
        self.fine(request(b"GET", b"/v1/models/%C3%28"), 404, "not_found")

    def test_3986_6_2_2_3_dots(self):
        """Paths are taken as they are; clients take dots out."""
        for target in (b"/v1/../v1/info", b"/./v1/info", b"//v1/info",
                       b"/v1//info", b"/v1/info/", b"/%2e%2e/v1/info",
                       b"/web/..", b"/web/%2e%2e", b"/web/..%5cx",
                       b"/V1/info", b"/v1/info;x"):
            self.fine(request(b"GET", target), 404, "not_found")

    def test_6585_5_fields_too_large(self):
        for field in (b"X: " + b"a" * 40000, b"X: a\r\n" * 4000 + b"X: a",
                      b"Cookie: " + b"a;" * 8000):
            self.refused(request(b"GET", b"/v1/info", field), 431, None)
        self.fine(request(b"GET", b"/v1/info", b"X: " + b"a" * 20000))


if __name__ == "__main__":
    unittest.main()
