"""Turn a checkpoint into a weight file (MODEL.md section 2.2).

  python3 -m training.export                     the run "aha", as it stands
  python3 -m training.export RUN_OR_FILE --out models/expression.safetensors
  python3 -m training.export --follow 15         and again while it trains

Works while the run goes on. The averaged weights are taken, batch
normalisation is folded in, and everything the file says of itself - its
accuracy, its temperature - is measured on the rounded numbers it holds. The
same checkpoint always gives the same bytes.
"""

import argparse
import os
import time

import torch

from training.aha import paths, safetensors, weight_file
from training.aha.data import fer2013
from training.aha.model import Aha
from training.evaluate import accuracy, answers, best_temperature

DATA = ("FER-2013 training split (28 362 faces), targets partly from FER+ "
        "votes; 2 315 photographs of muxspace/facial_expressions")
SOURCE = ("trained by training/train.py on FER-2013 and photographs; started "
          "from dlib's face recognition ResNet-29 (CC0)")


def find(checkpoint, cache):
    """A run's name or a file."""
    if os.path.isfile(checkpoint):
        return checkpoint
    return os.path.join(cache, checkpoint, "checkpoint.pt")


def export(state, test, dtype, mirror):
    """(tensors as arrays, config) of a loaded checkpoint."""
    model = Aha(state["config"]).eval()
    model.load_state_dict(state["average"])
    tensors, config = weight_file.from_model(model)
    tensors = weight_file.arrays(tensors, dtype)
    if mirror:
        config["mirror"] = True
    net = weight_file.Network(tensors, config)
    logits = answers(net, test)["logits"]
    config["temperature"] = best_temperature(logits, test.labels)
    config["training"] = {
        "data": DATA,
        "accuracy": {"FER-2013 PublicTest":
                     round(accuracy(logits, test.labels), 2)}}
    return tensors, config


def wait_for_end(path, seconds):
    """Sleep so long, or until the checkpoint is the run's last."""
    until = time.time() + seconds
    while time.time() < until and not torch.load(
            path, map_location="cpu")["finished"]:
        time.sleep(20)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("checkpoint", nargs="?", default="aha", help="run or checkpoint file")
    add("--out", default=paths.MODELS / "expression.safetensors")
    add("--dtype", choices=("f16", "f32"), default="f16")
    add("--name", default="AHA")
    add("--version", default="1.6.0")
    add("--mirror", action="store_true",
        help="answers are the mean of a face's and its mirror image's:\n"
             "better, and twice the work")
    add("--license", default="MIT")
    add("--source", default=SOURCE)
    add("--data", default=paths.DATA, help="data folder")
    add("--cache", default=paths.CACHE, help="scratch folder")
    add("--threads", type=int, default=2)
    add("--follow", type=float, metavar="MINUTES",
        help="export anew that often, until the run has finished")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    test = fer2013(args.data, args.cache, "public_test")
    path = find(args.checkpoint, args.cache)
    while True:
        state = torch.load(path, map_location="cpu")
        tensors, config = export(state, test, args.dtype, args.mirror)
        about = weight_file.metadata(
            config, name=args.name, version=args.version,
            license=args.license, source=args.source)
        safetensors.write(args.out, tensors, about)
        print(f"{paths.shown(args.out)}: step {state['step']}, "
              f"{config['training']['accuracy']}, temperature "
              f"{config['temperature']}", flush=True)
        if not args.follow or state["finished"]:
            return
        wait_for_end(path, 60 * args.follow)


if __name__ == "__main__":
    main()
