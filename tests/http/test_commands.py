# SPDX-License-Identifier: MIT
"""The program without a daemon: how it starts or refuses to, its commands."""

import json
import os
import subprocess
import tempfile
import unittest

from tests.http.daemon import AHA, DATA, MODELS, Daemon


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
