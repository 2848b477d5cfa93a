"""Score a detector's boxes, case by case.

  python3 -m training.compare.score --cases build/cases/cases.json FILE
  python3 -m training.compare.score --photos DIR FILE

FILE holds JSON lines, of training.compare.yunet or `aha predict --ndjson`.
With --cases the true boxes are known; boxes.same_face says when a face counts
as found, and every box that found none is extra. With --photos one face a
photograph is expected: its first box found it, the others are extra (many
photographs show more people, so extra is no error there).
ms is the median time of the detection alone.
"""

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path

from . import boxes, yunet


def read_box(box):
    """[x, y, w, h] or the object of an answer."""
    if isinstance(box, dict):
        return [box[key] for key in ("x", "y", "width", "height")]
    return box


def read_detections(path, threshold):
    """{file name: (boxes, milliseconds or None)}."""
    detections = {}
    for line in path.read_text().splitlines():
        answer = json.loads(line)
        name = answer["file"] if "file" in answer else answer["image"]
        faces = [read_box(face["box"]) for face in answer.get("faces", ())
                 if face.get("score", face.get("detection_confidence", 1))
                 >= threshold]
        milliseconds = answer.get("ms",
                                  answer.get("timing_ms", {}).get("detect"))
        detections[Path(name).name] = faces, milliseconds
    return detections


class Tally:
    """The counts of one case."""

    def __init__(self):
        self.photos = self.faces = self.found = self.extra = self.absent = 0
        self.times = []

    def add(self, detection, truths):
        """truths None: one face, wherever."""
        self.photos += 1
        self.absent += detection is None
        found_boxes, milliseconds = detection or ([], None)
        expected = 1 if truths is None else len(truths)
        found = (min(1, len(found_boxes)) if truths is None
                 else boxes.match(found_boxes, truths))
        self.faces += expected
        self.found += found
        self.extra += len(found_boxes) - found
        if milliseconds is not None:
            self.times.append(milliseconds)

    def row(self, case):
        time = f"{statistics.median(self.times):8.1f}" if self.times else ""
        absent = f"  {self.absent} not run" if self.absent else ""
        return (f"{case:20} {self.photos:7d} {self.faces:6d} {self.found:6d} "
                f"{self.faces - self.found:7d} {self.extra:6d} "
                f"{100 * self.found / self.faces:7.1f}{time}{absent}")


def main():
    parser = argparse.ArgumentParser(
        prog="python3 -m training.compare.score",
        description="Score a detector's boxes, case by case.")
    expected = parser.add_mutually_exclusive_group(required=True)
    expected.add_argument("--cases", type=Path, metavar="FILE")
    expected.add_argument("--photos", type=Path, metavar="DIR")
    parser.add_argument("detections", type=Path, metavar="FILE")
    parser.add_argument("--threshold", type=float, default=0.0,
                        help="leave boxes with a lower score out")
    arguments = parser.parse_args()

    if arguments.cases:
        truth = {file: (entry["case"], entry["faces"]) for file, entry
                 in json.loads(arguments.cases.read_text()).items()}
    else:
        truth = {path.name: ("photographs", None)
                 for path in yunet.photographs(arguments.photos)}
    detections = read_detections(arguments.detections, arguments.threshold)

    tallies = defaultdict(Tally)
    for file, (case, truths) in truth.items():
        tallies[case].add(detections.get(file), truths)
        tallies["all"].add(detections.get(file), truths)
    total = tallies.pop("all")
    print(f"{'case':20}  photos  faces  found  missed  extra  found %      ms")
    for case, tally in tallies.items():
        print(tally.row(case))
    if len(tallies) > 1:
        print(total.row("all"))


if __name__ == "__main__":
    main()
