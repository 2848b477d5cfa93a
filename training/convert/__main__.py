"""Command line: python3 -m training.convert [--check] [--packages DIR]."""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from training.aha import paths

from . import check, convert, sources, tflite

# kind -> (name, source, what the source's outputs are called here, in order)
MODELS = {
    "detector": ("MediaPipe face detection, full range", sources.DETECTOR,
                 ("boxes", "scores")),
    "landmarks": ("MediaPipe face landmarks, 468 points", sources.LANDMARKS,
                  ("points", "flag")),
}


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="python3 -m training.convert",
        description="Rebuild models/detector.safetensors and "
                    "models/landmarks.safetensors from MediaPipe's npm "
                    "packages (fetched with npm pack).")
    parser.add_argument("--packages", type=Path, metavar="DIR",
                        help="take the unpacked packages under this folder "
                             "instead of fetching them")
    parser.add_argument("--out", type=Path, metavar="DIR",
                        default=paths.MODELS,
                        help="where the files are written (or, with --check, "
                             "read); default: models/")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; compare the files with a new "
                             "conversion and with the source run by itself")
    return parser.parse_args()


def process(arguments, packages, scratch):
    """Write or check both files; True when all is well."""
    well = True
    for kind, (name, source, outputs) in MODELS.items():
        model = tflite.read(sources.read(source, packages))
        network = convert.convert(model, outputs)
        path = arguments.out / f"{kind}.safetensors"
        target = scratch / path.name if arguments.check else path
        convert.write(target, network, kind, name, source.version,
                      source.description)
        if arguments.check:
            well &= check.check(kind, path, target, model, network,
                                paths.WEIGHTS)
        else:
            data = path.read_bytes()
            print(f"{path.name}: {hashlib.sha256(data).hexdigest()}, "
                  f"{len(data)} bytes, {len(network.graph['layers'])} layers")
    return well


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        try:
            if not arguments.packages:
                sources.fetch([source for _, source, _ in MODELS.values()],
                              scratch)
            well = process(arguments, arguments.packages or scratch, scratch)
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            sys.exit(f"error: {error}")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
