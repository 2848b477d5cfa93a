"""An expression network's weight file in bytes (MODEL.md section 2.3).

  python3 -m training.quantize

reads models/expression.safetensors, looks at some training faces to see how
large each value gets, writes models/expression-int8.safetensors and says what
became of PublicTest's accuracy, by a simulation in floats. The same file and
faces always give the same bytes.
"""

import argparse
import json

import torch

from training.aha import int8, paths, safetensors, weight_file
from training.aha.data import fer2013
from training.evaluate import accuracy, answers


def pick(faces, count):
    """So many rows, evenly spread."""
    return torch.linspace(0, len(faces) - 1, count).long()


@torch.no_grad()
def quantize(tensors, config, faces, count):
    """(tensors, config) in bytes."""
    net = weight_file.Network(tensors, config)
    crops = faces.crops(pick(faces, count), net.regions)
    tensors, regions = dict(tensors), []
    for region in config["regions"]:
        graph = region["graph"]
        layers = graph["layers"]
        values = int8.byte_values(layers, int8.convolutions(layers))
        steps = int8.calibrate(graph, net.weights, crops[region["name"]],
                               values)
        regions.append(dict(region, graph=int8.convert(
            graph, net.weights, steps, tensors)))
    return tensors, dict(config, regions=regions)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("file", nargs="?", default=paths.MODELS / "expression.safetensors")
    add("--out", default=paths.MODELS / "expression-int8.safetensors")
    add("--faces", type=int, default=512, help="training faces to look at")
    add("--unjudged", action="store_true", help="leave PublicTest out")
    add("--data", default=paths.DATA, help="data folder")
    add("--cache", default=paths.CACHE, help="scratch folder")
    add("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    before, about = safetensors.read(args.file)
    old = json.loads(about["config"])
    after, new = quantize(before, old,
                          fer2013(args.data, args.cache, "train"), args.faces)
    if not args.unjudged:
        test = fer2013(args.data, args.cache, "public_test")
        right = [accuracy(answers(weight_file.Network(*net), test)["logits"],
                          test.labels)
                 for net in ((before, old), (after, new))]
        print(f"PublicTest: {right[0]:.2f} % in floats, {right[1]:.2f} % in "
              "bytes")
        new["training"] = dict(new.get("training", {}), accuracy={
            "FER-2013 PublicTest": round(right[1], 2)})
    about = dict(about, version=about.get("version", "0")[:26] + "-int8",
                 config=json.dumps(new, separators=(",", ":")))
    safetensors.write(args.out, after, about)
    print(paths.shown(args.out))


if __name__ == "__main__":
    main()
