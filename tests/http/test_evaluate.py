# SPDX-License-Identifier: MIT
"""`aha evaluate` on tiny data sets in each layout, made here."""

import csv
import json
import os
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from tests.http import photos
from tests.http.daemon import AHA, LABELS, MODELS, photo

SIDE = 48
FACE = (178, 66, 96)  # x, y, side of her face in astronaut.jpg
NOBODY = photos.png(300, 300, [b"\x80" * 900] * 300)
TINY = photos.png(SIDE, SIDE, [bytes(range(0, 240, 5)) * 3] * SIDE)


def face_pixels():
    """The portrait's face as FER-2013 would have it: 48 x 48 grey bytes."""
    x, y, side = FACE
    grey, step = photos.luma(x, y, side), side // SIDE
    return bytes(grey[i * side + k] for i in range(0, side, step)
                 for k in range(0, side, step))


def made_pixels(seed):
    return bytes((i * seed + i // SIDE * 7) % 256 for i in range(SIDE * SIDE))


def row(emotion, pixels, usage):
    return f"{emotion},{' '.join(map(str, pixels))},{usage}\n"


class Evaluate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, files):
        for name, content in files.items():
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            mode = "w" if isinstance(content, str) else "wb"
            with open(self.path(name), mode) as stream:
                stream.write(content)

    def run_aha(self, *arguments):
        return subprocess.run([AHA, "evaluate", "--models", MODELS, *arguments],
                              capture_output=True, text=True, timeout=600)

    def evaluate(self, *arguments, status=0):
        """The figures of the data in the folder, or of a path in it."""
        out = self.path("figures.json")
        where = [] if arguments and arguments[0].startswith("/") else [
            self.folder]
        result = self.run_aha(*where, *arguments, "--json", out)
        self.assertEqual(result.returncode, status, result.stderr)
        with open(out, encoding="utf-8") as stream:
            figures = json.load(stream)
        os.unlink(out)
        return figures, result

    def refuse(self, word, *arguments, status=1):
        result = self.run_aha(*arguments)
        self.assertEqual(result.returncode, status, result.stdout)
        self.assertEqual(result.stdout, "")
        self.assertIn(word, result.stderr)

    def check(self, figures, layout, truths, right):
        """Images by class; her portrait is answered with happiness."""
        self.assertEqual(figures["data"]["layout"], layout)
        counted = {c["label"]: c["images"] for c in figures["classes"]
                   if c["images"]}
        self.assertEqual(counted, truths)
        self.assertEqual(figures["right"], right)
        self.assertEqual(figures["counted"], sum(truths.values()))

    def test_fer2013_csv(self):
        faces = [row(3, face_pixels(), "PublicTest")]
        faces += [row(i % 7, made_pixels(i), "PublicTest")
                  for i in range(1, 40)]
        self.make({"fer2013.csv": "emotion,pixels,Usage\n" + "".join(faces) +
                   row(3, face_pixels(), "Training")})
        self.refuse("PublicTest, Training", self.folder)
        rows = {}
        for threads in "1", "3":
            figures, result = self.evaluate(
                "--usage", "publictest", "--threads", threads, "--out",
                self.path(threads))
            with open(self.path(threads + "/answers.csv"),
                      encoding="utf-8") as stream:
                rows[threads] = stream.read()
        self.assertEqual(rows["1"], rows["3"])
        answers = list(csv.DictReader(rows["1"].splitlines()))
        self.assertEqual(len(answers), 40)
        self.assertEqual(answers[0]["answer"], "happiness")
        self.assertGreater(float(answers[0]["happiness"]), 0.5)
        self.check_figures(figures, answers)
        self.assertEqual(figures["data"]["searched"], 0)
        self.assertIn("truth\\answer", result.stdout)
        self.assertIn("surest 90 %", result.stdout)
        self.check_pictures(self.path("3"))

    def check_figures(self, figures, answers):
        """They are what the single answers add up to."""
        pairs = [(a["expression"], a["answer"]) for a in answers]
        right = sum(t == a for t, a in pairs)
        self.assertEqual(figures["right"], right)
        self.assertAlmostEqual(figures["accuracy"], right / len(pairs))
        for t, truth in enumerate(LABELS):
            for a, answer in enumerate(LABELS):
                self.assertEqual(figures["confusion"][t][a],
                                 pairs.count((truth, answer)))
        bins = [[] for _ in range(15)]
        for a in answers:
            p = max(float(a[label]) for label in LABELS)
            bins[min(int(p * 15), 14)].append(
                (a["expression"] == a["answer"]) - p)
        self.assertAlmostEqual(figures["calibration_error"],
                               sum(abs(sum(b)) for b in bins) / len(pairs),
                               places=6)
        sure = [a for a in answers if max(float(a[label]) for label in LABELS)
                >= figures["certain"]["threshold"]]
        self.assertAlmostEqual(figures["certain"]["coverage"],
                               len(sure) / len(pairs))
        self.check_coverage(figures["coverage"], answers)

    def check_coverage(self, curve, answers):
        """The surest answers, and how many of those are right."""
        ranked = sorted(((max(float(a[label]) for label in LABELS),
                          a["expression"] == a["answer"]) for a in answers),
                        reverse=True)
        self.assertEqual(len(curve), 100)
        for percent in 5, 50, 100:
            n = len(ranked) * percent // 100
            at = curve[percent - 1]
            self.assertAlmostEqual(at["threshold"], ranked[n - 1][0], places=6)
            self.assertAlmostEqual(at["coverage"], n / len(ranked))
            self.assertAlmostEqual(at["accuracy"],
                                   sum(right for _, right in ranked[:n]) / n)

    def check_pictures(self, folder):
        for name in ("confusion", "reliability", "coverage"):
            tree = xml.etree.ElementTree.parse(
                os.path.join(folder, name + ".svg"))
            self.assertTrue(tree.getroot().tag.endswith("svg"))
        texts = [text for text in tree.getroot().itertext() if text.strip()]
        for words in "uncertain below", "% answered", "surest 70 %":
            self.assertTrue(any(words in text for text in texts), words)
        for label in LABELS:
            with open(os.path.join(folder, f"attention-{label}.png"),
                      "rb") as stream:
                self.assertEqual(stream.read(8), b"\x89PNG\r\n\x1a\n")

    def test_folders(self):
        self.make({"test/happy/a.jpg": photo(), "test/angry/b.jpg": photo(),
                   "test/neutral/c.png": TINY, "test/contempt/d.jpg": photo(),
                   "train/happy/e.jpg": photo()})
        figures, _ = self.evaluate("--split", "test")
        self.check(figures, "folders",
                   {"anger": 1, "happiness": 1, "neutral": 1},
                   1 + figures["confusion"][6][6])
        self.assertEqual(figures["data"]["searched"], 2)
        self.assertEqual(figures["data"]["other_expressions"], 1)
        figures, _ = self.evaluate("--split", "test", "--faces", "cropped")
        self.assertEqual(figures["data"]["searched"], 0)
        self.refuse("contradiction", self.folder, "--split", "contradiction")

    def test_sfew(self):
        self.make({"Val/Happy/a.png": photo(), "Val/Sad/b.png": photo()})
        figures, _ = self.evaluate()
        self.check(figures, "folders", {"happiness": 1, "sadness": 1}, 1)
        self.assertEqual(figures["data"]["split"], "Val")
        self.assertAlmostEqual(figures["macro_f1"], (2 / 3 + 0) / 2)
        self.assertAlmostEqual(figures["mean_class_accuracy"], 0.5)

    def test_rafdb(self):
        self.make({
            "basic/EmoLabel/list_patition_label.txt":
                "train_00001.jpg 5\ntest_0001.jpg 4\ntest_0002.jpg 1\n",
            "basic/Image/aligned/train_00001_aligned.jpg": photo(),
            "basic/Image/aligned/test_0001_aligned.jpg": photo(),
            "basic/Image/aligned/test_0002_aligned.jpg": photo()})
        figures, _ = self.evaluate("--split", "test")
        self.check(figures, "rafdb", {"happiness": 1, "surprise": 1}, 1)
        figures, _ = self.evaluate(
            self.path("basic/EmoLabel/list_patition_label.txt"), "--split",
            "all", "--layout", "rafdb")
        self.check(figures, "rafdb",
                   {"happiness": 1, "sadness": 1, "surprise": 1}, 1)

    def test_rafdb_folders(self):
        self.make({"test/4/a.jpg": photo(), "test/7/b.jpg": photo()})
        self.refuse("--layout", self.folder)
        figures, _ = self.evaluate("--layout", "rafdb")
        self.check(figures, "rafdb", {"happiness": 1, "neutral": 1}, 1)

    def test_ckplus(self):
        label = "Emotion/S{0}/00{1}/S{0}_00{1}_0000000{2}_emotion.txt"
        frame = "cohn-kanade-images/S{0}/00{1}/S{0}_00{1}_0000000{2}.png"
        self.make({label.format("005", 1, 3): "   5.0000000e+00\n",
                   label.format("010", 2, 2): "   7.0000000e+00\n",
                   label.format("011", 1, 2): "   2.0000000e+00\n",
                   frame.format("005", 1, 2): photo(),
                   frame.format("005", 1, 3): photo(),
                   frame.format("010", 2, 1): NOBODY,
                   frame.format("010", 2, 2): photo()})
        figures, _ = self.evaluate()
        self.check(figures, "ckplus", {"happiness": 1, "surprise": 1}, 1)
        figures, _ = self.evaluate("--frames", "2")
        self.check(figures, "ckplus", {"happiness": 2, "surprise": 2}, 2)
        self.assertEqual(figures["not_found"], 1)

    def test_affectnet(self):
        self.make({"val/0/a.jpg": photo(), "val/1/b.jpg": photo(),
                   "val/7/c.jpg": photo()})
        figures, _ = self.evaluate()
        self.check(figures, "affectnet", {"happiness": 1, "neutral": 1}, 1)

    def test_csv_and_missing_faces(self):
        self.make({"labels.csv": "image,expression\na.jpg,happiness\n"
                                 '"no, body.png",fear\n',
                   "images/a.jpg": photo(), "images/no, body.png": NOBODY})
        figures, result = self.evaluate("--out", self.path("out"))
        self.check(figures, "csv", {"fear": 1, "happiness": 1}, 1)
        self.assertEqual(figures["not_found"], 1)
        self.assertEqual(figures["accuracy"], 0.5)
        self.assertIn("counted as wrong", result.stdout)
        with open(self.path("out/answers.csv"), encoding="utf-8") as stream:
            answers = list(csv.DictReader(stream))
        self.assertEqual([a["answer"] for a in answers],
                         ["happiness", "no_face"])
        self.assertTrue(answers[1]["image"].endswith("no, body.png"))
        figures, _ = self.evaluate("--no-face", "skip")
        self.check(figures, "csv", {"happiness": 1}, 1)
        self.assertEqual(figures["not_found"], 1)
        self.assertEqual(figures["accuracy"], 1)

    def test_broken_image_among_good(self):
        self.make({"happy/a.jpg": photo(), "happy/b.jpg": photo()[:9000],
                   "happy/c.jpg": "no image", "sad/d.jpg": photo()})
        figures, result = self.evaluate(status=1)
        self.check(figures, "folders", {"happiness": 1, "sadness": 1}, 1)
        self.assertEqual(figures["data"]["failed"], 2)
        self.assertIn("b.jpg: ", result.stderr)
        self.assertIn("c.jpg: ", result.stderr)

    def test_bad_data(self):
        self.refuse("no such file", self.path("nothing"))
        self.refuse("no layout", self.folder)
        self.make({"fer2013.csv": "emotion,pixels\n7,0 0\n"})
        self.refuse("line 2: emotion is 0 to 6", self.folder)
        self.make({"fer2013.csv": "emotion,pixels\n0,0 0\n"})
        self.refuse("line 2: pixels are 2304", self.folder)
        self.make({"fer2013.csv": "emotion,pixels\n"})
        self.refuse("no image", self.folder)
        self.make({"raf/EmoLabel/list_patition_label.txt": "test_1.jpg 1\n"})
        self.refuse("Image/aligned", self.path("raf"))
        self.refuse("there is no list_patition_label.txt", self.path("raf/.."),
                    "--layout", "rafdb")
        self.make({"mood/val/happy/a.jpg": photo(),
                   "mood/val/grumpy/a.jpg": photo()})
        self.refuse("grumpy", self.path("mood"))
        self.make({"list.csv": "image,expression\na.jpg,grumpy\n"})
        self.refuse("grumpy", self.path("list.csv"))
        self.make({"list.csv": "image,mood\na.jpg,happy\n"})
        self.refuse("expression", self.path("list.csv"))

    def test_bad_options(self):
        for flags, word in ((("--layout", "kdef"), "affectnet"),
                            (("--faces", "all"), "cropped"),
                            (("--no-face", "maybe"), "wrong or skip"),
                            (("--threads", "0"), "--threads"),
                            (("--frames", "99"), "--frames"),
                            ((), "name one data set")):
            self.refuse(word, *flags, status=2)
        result = self.run_aha("--help")
        self.assertEqual(result.returncode, 0)
        self.assertIn("--split", result.stdout)


if __name__ == "__main__":
    unittest.main()
