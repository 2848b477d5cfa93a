# SPDX-License-Identifier: MIT
"""The command line of `aha serve`: settings and where they come from."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.http.daemon import AHA, Daemon, PATIENCE_S, photo

ROOT = Path(__file__).resolve().parents[2]


def serve(*flags, **variables):
    return subprocess.run(
        [AHA, "serve", *flags], capture_output=True, text=True,
        timeout=PATIENCE_S, env={**os.environ, **variables})


def settings(text):
    """The lines of a configuration file that are no comments."""
    return [line for line in text.split("\n") if line and line[0] != "#"]


class Config(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "aha.conf")

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as stream:
            stream.write(text)

    def test_what_is_printed_is_a_file(self):
        first = serve("--print-config", "--max-faces", "3",
                      AHA_FORMATS="png", AHA_API_KEY_FILE='a "b" \\ # è')
        self.assertEqual((first.returncode, first.stderr), (0, ""))
        self.assertIn("# from --max-faces\nmax-faces = 3\n", first.stdout)
        self.assertIn('# from AHA_FORMATS\nformats = "png"\n', first.stdout)
        self.write(first.stdout)
        again = serve("--config", self.path, "--print-config")
        self.assertEqual((again.returncode, again.stderr), (0, ""))
        self.assertIn(f"# from {self.path}:", again.stdout)
        self.assertEqual(settings(again.stdout), settings(first.stdout))

    def test_a_daemon_by_its_file(self):
        self.write("# small photos only\nmax-source-bytes = 2000\n")
        with Daemon("--config", self.path) as daemon:
            status, _, problem = daemon.analyze(photo())
        self.assertEqual(status, 413)
        self.assertEqual(problem["limit"], 2000)

    def test_mistakes(self):
        self.write("port = 1\n\nmax-face = 2\n")
        for result, word in (
                (serve("--config", self.path),
                 f"{self.path}:3: there is no setting max-face; did you "
                 "mean max-faces?"),
                (serve(AHA_CONFIG=self.path), "max-faces?"),
                (serve("--config", self.path + ".not"), "is not there"),
                (serve("--worker", "1"), "--workers?"),
                (serve(AHA_WORKER="1"), "AHA_WORKERS?"),
                (serve("--formats", "jpeg,bmp"), "jpeg, png, webp"),
                (serve("--allow-origin", "https://a/b"), "without a path"),
                (serve("--rate-limit", "5"), "api-key-file"),
                (serve("--tls-cert", "c.pem"), "tls-key")):
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertEqual(result.stdout, "")
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
            self.assertIn(word, result.stderr)

    def test_the_document_is_the_table(self):
        tool = os.path.join(os.path.dirname(AHA), "options-md")
        table = subprocess.run([tool], capture_output=True, text=True,
                               timeout=PATIENCE_S, check=True).stdout
        self.assertEqual((ROOT / "docs/options.md").read_text("utf-8"), table,
                         "make docs")


if __name__ == "__main__":
    unittest.main()
