#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyTorch's compiled graphs as a contender: torch_peer.py NETWORK CROPS.

NETWORK is a weight file's path less ".safetensors". The graph is traced,
frozen and optimised for inference, which hands its convolutions to oneDNN.
"""

import functools
import json
import sys
from pathlib import Path

import torch
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.peers import contender  # noqa: E402
from training import export_onnx  # noqa: E402
from training.aha import graph, safetensors  # noqa: E402


def avg_pool2d(x, layer):
    """ceil_mode without it, which PyTorch 1.13's oneDNN graphs get wrong.

    A window that is half outside has the mean of its half repeated.
    """
    height, width = x.shape[2:]
    step = layer["stride"]
    x = functional.pad(x, (0, -width % step, 0, -height % step), "replicate")
    return functional.avg_pool2d(x, layer["kernel"], step)


def main():
    network, crops_path = sys.argv[1:3]
    graph.avg_pool2d = avg_pool2d
    tensors, about = safetensors.read(f"{network}.safetensors")
    config = json.loads(about["config"])
    crops = contender.read_crops(crops_path, config)
    model = export_onnx.Exported(tensors, config).eval()

    @functools.lru_cache(maxsize=None)
    def load(batch):
        faces = [torch.from_numpy(c[:batch]) for c in crops.values()]
        traced = torch.jit.freeze(torch.jit.trace(model, faces))
        return torch.jit.optimize_for_inference(traced), faces

    def prepare(batch, threads):
        torch.set_num_threads(threads)
        fast, faces = load(batch)

        def call():
            with torch.inference_mode():
                return [y.numpy() for y in fast(*faces)]
        return call

    contender.serve(torch.__version__, prepare)


if __name__ == "__main__":
    main()
