# SPDX-License-Identifier: MIT
"""Runs what the documents tell people to type.

Every block of README.md and docs/*.md that is fenced as sh, python or js runs
in a folder like a clone with some photos in it, against a live daemon that is
put in the place of localhost:8080 (and 9090, the platform's listener). A block
fenced as `sh no-test: REASON` is left out, and the reason shown.

  AHA=build/release/aha python3 -m tests.docs [FILE...]
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tests.http.daemon import LONG, Daemon

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
PATIENCE_S = 600
PHOTOS = {"photo.jpg": "astronaut.jpg", "a.jpg": "grey.jpg", "b.png": "rgb.png",
          "another.png": "palette.png", "album/1.jpg": "grey.jpg",
          "album/2.jpg": "progressive.jpg"}
RUN = {"sh": ["bash", "-euo", "pipefail", "{}"], "python": ["python3", "{}"],
       "js": ["node", "{}"]}
NAMES = {"sh": "block.sh", "python": "block.py", "js": "block.mjs"}


def blocks(path):
    """(line, language, what follows it, text) of every fenced block."""
    with open(path, encoding="utf-8") as stream:
        lines = stream.read().split("\n")
    found, begin = [], None
    for number, line in enumerate(lines):
        fence = re.match(r"( *)```(.*)$", line)
        if fence and begin is None:
            begin = number
            indent = len(fence.group(1))
            language, _, rest = fence.group(2).partition(" ")
        elif fence:
            text = "\n".join(row[indent:] for row in lines[begin + 1:number])
            found.append((begin + 1, language, rest, text + "\n"))
            begin = None
    if begin is not None:
        raise SystemExit(f"{path}:{begin + 1}: the block has no end")
    return found


def furnish(folder):
    """A clone, by links, with photos and a small labelled set."""
    for name in os.listdir(ROOT):
        if not name.startswith("."):
            os.symlink(os.path.join(ROOT, name), os.path.join(folder, name))
    os.mkdir(os.path.join(folder, "album"))
    for name, source in PHOTOS.items():
        shutil.copy(os.path.join(ROOT, "tests/data", source),
                    os.path.join(folder, name))
    grey = " ".join(["128"] * 48 * 48)
    with open(os.path.join(folder, "fer2013.csv"), "w") as stream:
        stream.write("emotion,pixels,Usage\n" +
                     "".join(f"{i},{grey},PublicTest\n" for i in range(7)))


def run(block, folder, daemon):
    """None, or what went wrong."""
    _, language, _, text = block
    for place, url in (("localhost:8080", daemon.url),
                       ("localhost:9090", daemon.admin_url)):
        text = text.replace(place, url.removeprefix("http://"))
    path = os.path.join(folder, NAMES[language])
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    result = subprocess.run([part.format(path) for part in RUN[language]],
                            cwd=folder, capture_output=True, text=True,
                            errors="replace", timeout=PATIENCE_S)
    if result.returncode == 0 and result.stdout + result.stderr == "" and \
            "-o " not in text and ">" not in text:
        return "it said nothing"
    return None if result.returncode == 0 else \
        f"exit status {result.returncode}\n{result.stdout}{result.stderr}"


def main():
    names = sys.argv[1:] or ["README.md", "SECURITY.md"] + sorted(
        glob.glob("docs/*.md", root_dir=ROOT))
    n = {"passed": 0, "failed": 0, "skipped": 0}
    with tempfile.TemporaryDirectory() as folder, Daemon(*LONG) as daemon:
        furnish(folder)
        for name in names:
            for block in blocks(os.path.join(ROOT, name)):
                line, language, rest, _ = block
                if language not in RUN:
                    continue
                problem, reason = None, rest.removeprefix("no-test: ")
                if rest == "":
                    problem = run(block, folder, daemon)
                    result = "failed" if problem else "passed"
                elif reason != rest and reason:
                    result = "skipped"
                else:
                    problem = f"'{rest}' is not 'no-test: REASON'"
                    result = "failed"
                n[result] += 1
                print(f"{name}:{line}: {language} {result}",
                      problem or reason, flush=True)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**n))
    return n["failed"] > 0 or n["passed"] == 0


if __name__ == "__main__":
    sys.exit(main())
