# SPDX-License-Identifier: MIT
"""The Open Inference Protocol: a client that brings its own crops."""

import json
import struct
import unittest

from tests.http.daemon import LABELS, LONG, Checks, Daemon
from tests.http.photos import luma

SIDE = 112
INFER = "/v2/models/AHA/infer"


def planes():
    """Two faces as bytes of luma: the astronaut's, and a ramp."""
    ramp = bytes((x + y) % 256 for y in range(SIDE) for x in range(SIDE))
    return luma(166, 56, SIDE) + ramp


def tensor(datatype, **members):
    return {"name": "face", "datatype": datatype, "shape": [2, 1, SIDE, SIDE],
            **members}


def as_float(byte):
    """What the daemon makes of a byte, in single precision."""
    return struct.unpack("<f", struct.pack("<f", byte / 255))[0]


def single(values):
    return struct.pack(f"<{len(values)}f", *values)


class Protocol(Checks):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*LONG, "--max-request-bytes", "1000000")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    def get(self, path):
        status, _, text = self.daemon.ask("GET", path)
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def infer(self, request, binary=b""):
        """{output: (shape, the values' bytes)} and the rest of the answer."""
        head = json.dumps(request).encode()
        headers = {}
        if binary:
            headers["Inference-Header-Content-Length"] = str(len(head))
        status, headers, text = self.daemon.ask("POST", INFER, head + binary,
                                                headers)
        self.assertEqual(status, 200, text)
        size = headers["Inference-Header-Content-Length"]
        self.assertEqual(headers["Content-Type"], "application/json"
                         if size is None else "application/octet-stream")
        answer = json.loads(text[:int(size or len(text))])
        rest = text[int(size or len(text)):]
        outputs = {}
        for output in answer.pop("outputs"):
            self.assertEqual(output["datatype"], "FP32")
            if "data" in output:
                values = single(output["data"])
            else:
                n = output["parameters"]["binary_data_size"]
                values, rest = rest[:n], rest[n:]
            self.assertEqual(len(values),
                             4 * output["shape"][0] * output["shape"][1])
            outputs[output["name"]] = (output["shape"], values)
        self.assertEqual(rest, b"")
        return outputs, answer

    def refuse(self, body, code="invalid_tensor", status=400, headers=None):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        problem = self.problem(self.daemon.ask("POST", INFER, body,
                                               headers or {}), status, code)
        self.assertEqual(problem["error"], problem["detail"])
        return problem

    # ---- what there is

    def test_metadata(self):
        server = self.get("/v2")
        self.assertEqual((server["name"], server["extensions"]),
                         ("aha", ["binary_tensor_data"]))
        self.assertEqual(self.get("/v2/health/live"), {"live": True})
        self.assertEqual(self.get("/v2/health/ready"), {"ready": True})
        self.assertEqual(self.get("/v2/models/AHA/ready"),
                         {"name": "AHA", "ready": True})
        model = self.get("/v2/models/AHA")
        self.assertEqual(model["inputs"],
                         [{"name": "face", "datatype": "FP32",
                           "shape": [-1, 1, -1, -1]}])
        self.assertEqual([(o["name"], o["shape"]) for o in model["outputs"]],
                         [("probabilities", [-1, 7]), ("logits", [-1, 7]),
                          ("attention", [-1, 7])])
        for path in ("/v2/models/other", "/v2/models/other/ready"):
            problem = self.problem(self.daemon.ask("GET", path), 404,
                                   "not_found")
            self.assertEqual(problem["error"], problem["detail"])

    # ---- inference

    def test_every_encoding_is_the_same(self):
        """JSON or binary, floats or bytes, flat or nested: bit for bit."""
        raw = planes()
        floats = [as_float(byte) for byte in raw]
        nested = [[[floats[f * SIDE * SIDE + y * SIDE:][:SIDE]
                    for y in range(SIDE)]] for f in range(2)]
        wanted, answer = self.infer({"id": "a", "inputs": [
            tensor("UINT8", data=list(raw))]})
        self.assertEqual(answer, {"model_name": "AHA", "id": "a",
                                  "model_version": self.get("/v2/models/AHA")
                                  ["versions"][0]})
        packed = {"binary_data_size": len(raw)}
        for request, binary in (
                (tensor("FP32", data=floats), b""),
                (tensor("FP32", data=nested), b""),
                (tensor("UINT8", parameters=packed), raw),
                (tensor("FP32", parameters={"binary_data_size": 4 * len(raw)}),
                 single(floats))):
            for is_binary in (False, True):
                got, _ = self.infer(
                    {"inputs": [request],
                     "parameters": {"binary_data_output": is_binary}}, binary)
                self.assertEqual(got, wanted)

    def test_what_comes_out(self):
        outputs, _ = self.infer({"inputs": [tensor("UINT8",
                                                   data=list(planes()))]})
        self.assertEqual(list(outputs), ["probabilities", "logits",
                                         "attention"])
        for name, (shape, values) in outputs.items():
            self.assertEqual(shape, [2, 7])
            rows = struct.unpack("<14f", values)
            for row in (rows[:7], rows[7:]):
                if name != "logits":
                    self.assertAlmostEqual(sum(row), 1, delta=1e-5)
        first = struct.unpack("<14f", outputs["probabilities"][1])[:7]
        self.assertEqual(LABELS[first.index(max(first))], "happiness")

    def test_chosen_outputs(self):
        whole, _ = self.infer({"inputs": [tensor("UINT8",
                                                 data=list(planes()))]})
        some, _ = self.infer({
            "inputs": [tensor("UINT8", data=list(planes()))],
            "outputs": [{"name": "attention"},
                        {"name": "logits",
                         "parameters": {"binary_data": True}}]})
        self.assertEqual(list(some), ["attention", "logits"])
        for name in some:
            self.assertEqual(some[name], whole[name])

    # ---- what is refused

    def test_shapes(self):
        for shape in ([2, 1, SIDE], [2, 3, SIDE, SIDE], [0, 1, SIDE, SIDE],
                      [65, 1, 16, 16], [1, 1, 15, 16], [1, 1, 16, 1025],
                      [1, 1, 16, 17], [-1, 1, SIDE, SIDE], "2", None,
                      [1, 1, 16, 2 ** 40], [1, 1, 16.0, 16]):
            self.refuse({"inputs": [tensor("UINT8", data=[0] * 256,
                                           shape=shape)]})
        problem = self.refuse({"inputs": [tensor("UINT8", data=[],
                                                 shape=[64, 1, 1024, 1024])]},
                              "payload_too_large", 413)
        self.assertEqual(problem["limit"], 250000)

    def test_requests(self):
        good = {"name": "face", "datatype": "UINT8", "shape": [1, 1, 16, 16],
                "data": [0] * 256}
        self.infer({"inputs": [good]})
        for change in ({"name": "input"}, {"datatype": "FP64"},
                       {"datatype": None}, {"data": [0] * 255},
                       {"data": [0] * 257}, {"data": ["0"] * 256},
                       {"data": [[0] * 255, 0, 0]}, {"data": None},
                       {"parameters": {"binary_data_size": 256}},
                       {"parameters": {"binary_data_size": -1}}):
            self.refuse({"inputs": [{**good, **change}]})
        for more in ({"outputs": []}, {"outputs": [{"name": "labels"}]},
                     {"outputs": [{}]}, {"outputs": "all"}, {"id": 7},
                     {"inputs": [good, good]}, {"inputs": []},
                     {"inputs": [[]]}):
            self.refuse({"inputs": [good], **more})
        self.refuse("[]", "malformed_json")
        self.refuse('{"inputs": [', "malformed_json")
        self.refuse("", "empty_body")

    def test_header_lengths(self):
        body = json.dumps({"inputs": [tensor("UINT8", shape=[1, 1, 16, 16],
                                             parameters={
                                                 "binary_data_size": 256})]})
        for size in ("0", "-1", "x", "1e3", str(10 ** 30), str(len(body) + 1)):
            self.refuse(body, headers={
                "Inference-Header-Content-Length": size})
        self.refuse(body.encode() + bytes(257), headers={
            "Inference-Header-Content-Length": str(len(body))})

    def test_numbers_that_are_none(self):
        """What is not finite gives no answer that is no JSON."""
        values = [float("nan"), float("inf"), -float("inf"), 3.4e38] * 64
        head = json.dumps({"inputs": [tensor(
            "FP32", shape=[1, 1, 16, 16],
            parameters={"binary_data_size": 1024})]}).encode()
        self.refuse(head + single(values), headers={
            "Inference-Header-Content-Length": str(len(head))})
        self.refuse(json.dumps({"inputs": [tensor(
            "FP32", shape=[1, 1, 16, 16], data=[1e300] * 256)]}))


if __name__ == "__main__":
    unittest.main()
