#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""OpenCV's DNN module as a contender: opencv_peer.py NETWORK CROPS.

NETWORK is the path of a weight file less ".safetensors", beside which lie its
ONNX files; OpenCV 4.6 reads those of a fixed batch, NETWORK.BATCH.onnx.
"""

import functools
import json
import sys
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.peers import contender  # noqa: E402
from training.aha import safetensors  # noqa: E402

OUTPUTS = ["logits", "probabilities"]


def main():
    network, crops_path = sys.argv[1:3]
    _, about = safetensors.read(f"{network}.safetensors")
    crops = contender.read_crops(crops_path, json.loads(about["config"]))

    @functools.lru_cache(maxsize=None)
    def load(batch):
        return cv2.dnn.readNetFromONNX(f"{network}.{batch}.onnx")

    def prepare(batch, threads):
        net = load(batch)
        cv2.setNumThreads(threads)

        def call():
            for name, faces in crops.items():
                net.setInput(faces[:batch], name)
            return net.forward(OUTPUTS)
        return call

    contender.serve(cv2.__version__, prepare)


if __name__ == "__main__":
    main()
