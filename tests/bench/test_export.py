# SPDX-License-Identifier: MIT
"""What training.export_onnx writes computes what the weight file says."""

import json
import tempfile
import unittest
from pathlib import Path

try:
    import torch
    from training import export_onnx
    from training.aha import safetensors, weight_file
except ImportError:
    torch = None
try:
    import cv2
except ImportError:
    cv2 = None

ROOT = Path(__file__).resolve().parents[2]
FILES = ("models/expression.safetensors",
         "tests/data/golden_aha_tiny.safetensors",
         "tests/data/golden_aha_concat.safetensors")
TOLERANCE = 1e-4
ROUNDING = 1  # of a logit, which reach 16


def read(name):
    tensors, about = safetensors.read(ROOT / name)
    config = json.loads(about["config"])
    config.pop("mirror", None)
    return {k: v for k, v in tensors.items() if "golden." not in k}, config


def crops_of(config, n):
    torch.manual_seed(1)
    return dict(zip([r["name"] for r in config["regions"]],
                    export_onnx.example(config, n)))


@unittest.skipIf(torch is None, "needs PyTorch (Debian: python3-torch)")
class Export(unittest.TestCase):
    def close(self, ours, theirs):
        self.assertLess(float((ours - theirs).abs().max()), TOLERANCE)

    def test_the_traced_network_answers_as_the_file(self):
        for name in FILES:
            with self.subTest(name):
                tensors, config = read(name)
                crops = crops_of(config, 3)
                told = weight_file.Network(tensors, config)(crops)
                model = export_onnx.Exported(tensors, config).eval()
                logits, probabilities = model(*crops.values())
                self.close(logits, told["logits"])
                self.close(probabilities, told["probabilities"])

    def test_in_bytes_it_answers_as_the_file_but_for_rounding(self):
        tensors, config = read("models/expression-int8.safetensors")
        crops = crops_of(config, 3)
        told = weight_file.Network(tensors, config)(crops)
        model = export_onnx.Exported(tensors, config).eval()
        logits, _ = model(*crops.values())
        apart = float((logits - told["logits"]).abs().max())
        self.assertLess(apart, ROUNDING)
        self.assertGreater(apart, 0)

    def test_one_region_is_that_region_alone(self):
        """x of all regions is that of each on its own, where LSTMs do not
        carry anything over: with one region a branch."""
        tensors, config = read(FILES[0])
        crops = crops_of(config, 2)
        first = {r["branch"]: r["name"] for r in reversed(config["regions"])}
        some = dict(config, regions=[r for r in config["regions"]
                                     if first[r["branch"]] == r["name"]])
        whole = weight_file.Network(tensors, some)(crops)
        x = [weight_file.Network(*export_onnx.select(
            tensors, some, r["name"]))(crops)["x"] for r in some["regions"]]
        self.close(torch.cat(x, 1), whole["x"])

    @unittest.skipIf(cv2 is None, "needs OpenCV (Debian: python3-opencv)")
    def test_opencv_reads_the_file(self):
        tensors, config = read(FILES[0])
        crops = crops_of(config, 2)
        told = weight_file.Network(tensors, config)(crops)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.onnx"
            export_onnx.write(path, tensors, config, n=2)
            net = cv2.dnn.readNetFromONNX(str(path))
        for name, crop in crops.items():
            net.setInput(crop.numpy(), name)
        logits, probabilities = net.forward(["logits", "probabilities"])
        self.close(torch.from_numpy(logits), told["logits"])
        self.close(torch.from_numpy(probabilities), told["probabilities"])


if __name__ == "__main__":
    unittest.main()
