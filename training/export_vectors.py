"""Write the golden vectors that the C engine is tested against.

  python3 -m training.export_vectors

rebuilds tests/data/golden_*.safetensors, always the same numbers: fixed seeds
and torch's fp32 operators on one thread. tests/data/README.md says what each
file holds.
"""

import argparse
import json

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from training.aha import (align, golden_graphs, graph, int8, paths,
                          safetensors, weight_file)
from training.aha.model import MEAN, STD, Aha

FACES = 3
# align.POINTS of the face in PHOTO, as the detector and the mesh find them.
PHOTO = "astronaut.jpg"
PHOTO_POINTS = ((246.7, 104.9), (203.6, 102.6), (223.1, 131.2),
                (246.2, 141.7), (201.2, 139.3))
# Faces of other kinds, on the same pixels: size, turn in degrees, shift in px.
PHOTO_FACES = ((1, 0, (0, 0)), (1, 37, (0, 0)), (0.2, -8, (0, 0)),
               (3.2, 12, (30, 120)), (1, 0, (-195, -88)))
# Inputs of the random networks, small and partly odd.
TINY_INPUTS = {"face": (32, 32), "left_eye": (16, 16), "right_eye": (16, 16),
               "nose": (15, 17), "mouth": (16, 24), "upper_face": (16, 32),
               "lower_face": (23, 32)}
TINY_NETS = {
    "global": {"stem": [4, 7, 2], "pool": True,
               "blocks": [[4, 1], [8, 2], [12, 1]]},
    "local": {"stem": [4, 3, 1], "blocks": [[4, 1], [6, 2]]},
    "mixture": {"stem": [4, 3, 1], "blocks": [[4, 2], [8, 2]]},
}
TINY_AHA = {"regions": list(align.REGIONS), "inputs": TINY_INPUTS,
            "nets": TINY_NETS,
            "attention": True, "fusion": "lstm", "hidden": 6,
            "loss": {"kind": "cosface", "scale": 12.0, "margin": 0.1}}
TINY_CONCAT = {"regions": list(align.REGIONS), "inputs": TINY_INPUTS,
               "nets": TINY_NETS,
               "attention": False, "fusion": "concat",
               "loss": {"kind": "softmax"}}


class Writer:
    """Writes files into one folder and counts their bytes."""

    def __init__(self, folder):
        self.folder, self.count, self.size = folder, 0, 0

    def write(self, name, tensors, metadata=None):
        path = f"{self.folder}/golden_{name}.safetensors"
        arrays = {k: v.detach().contiguous().numpy()
                  for k, v in tensors.items()}
        safetensors.write(path, arrays, metadata)
        self.count += 1
        self.size += len(open(path, "rb").read())


def about(kind, config):
    return {"format": "aha", "format_version": "1", "kind": kind,
            "name": "golden", "version": "1", "license": "MIT",
            "source": "training/export_vectors.py",
            "config": json.dumps(config, separators=(",", ":"))}


def write_graph(writer, case, name, tensors, dtype=torch.float32):
    """One graph file: the graph, its tensors, an input and the outputs."""
    last = len(case.layers)
    config = {"input": case.shape, "layers": case.layers,
              "outputs": {"y": last}}
    x, maps = case.draw(1, *case.shape), {}
    weights = graph.tensors_to_torch({k: v.numpy()
                                      for k, v in tensors.items()})
    y = graph.run(config, {k: v.to(dtype) for k, v in weights.items()},
                  x.to(dtype), maps)
    tensors = dict(tensors)
    tensors["golden.input"] = x[0]
    tensors["golden.output.y"] = y["y"][0].float()
    for value, heat in maps.items():
        tensors[f"golden.attention.{value}"] = heat[0].float()
    writer.write(name, tensors, about("detector", {"graph": config}))


def write_graphs(writer):
    for case in golden_graphs.cases():
        write_graph(writer, case, case.name, case.tensors)
    case = next(golden_graphs.convolutions())
    write_graph(writer, case, "conv2d_f16",
                {k: v.half() for k, v in case.tensors.items()})


def write_int8(writer):
    """Residual blocks in bytes, of more channels than a block."""
    case = golden_graphs.int8_residual()
    net = {"input": case.shape, "layers": case.layers, "outputs": {}}
    arrays = {k: v.numpy() for k, v in case.tensors.items()}
    values = int8.byte_values(case.layers, int8.convolutions(case.layers))
    steps = int8.calibrate(net, case.tensors, case.draw(16, *case.shape),
                           values)
    case.layers = int8.convert(net, case.tensors, steps, arrays)["layers"]
    write_graph(writer, case, case.name,
                {k: torch.from_numpy(v) for k, v in arrays.items()},
                torch.float64)  # else a sum near a half may round otherwise


def write_linear(writer):
    """Classifiers and softmax: x [N, D], weight [C, D], y [N, C]."""
    random = torch.Generator().manual_seed(1)

    def draw(*shape):
        return torch.randn(shape, generator=random)

    for name, n, width in (("linear", 4, 37), ("linear_one", 1, 384)):
        x, weight, bias = draw(n, width), draw(7, width), draw(7)
        writer.write(name, {"x": x, "weight": weight, "bias": bias,
                            "y": F.linear(x, weight, bias)})
    for name, n, width, scale in (("cosine", 4, 37, 16.0),
                                  ("cosine_one", 1, 384, 30.0)):
        x, weight = draw(n, width), draw(7, width)
        y = scale * F.linear(F.normalize(x), F.normalize(weight))
        writer.write(name, {"x": x, "weight": weight,
                            "scale": torch.tensor([scale]), "y": y})
    for name, x, temperature in (
            ("softmax", draw(5, 7), 1.0),
            ("softmax_temperature", 8 * draw(5, 7), 1.7),
            ("softmax_large", 300 * draw(3, 7), 0.5)):
        writer.write(name, {"x": x, "temperature": torch.tensor([temperature]),
                            "y": (x / temperature).softmax(1)})


def write_lstm(writer):
    """torch.nn.LSTM over 1 to 4 steps; bias is the sum of torch's two."""
    for steps in (1, 2, 3, 4):
        torch.manual_seed(100 + steps)
        lstm = torch.nn.LSTM(10 + steps, 9, batch_first=True)
        x = torch.randn(2, steps, 10 + steps)
        with torch.no_grad():
            y, (_, c) = lstm(x)
        writer.write(f"lstm_{steps}", {
            "x": x, "weight_ih": lstm.weight_ih_l0,
            "weight_hh": lstm.weight_hh_l0,
            "bias": lstm.bias_ih_l0 + lstm.bias_hh_l0,
            "y": y, "c": c[0], "sum": y.sum(1)})


def unsettle(model):
    """Give a fresh network statistics and biases worth folding."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, std=0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.3)
    for name, parameter in model.named_parameters():
        head_bias = name.endswith(".bias") and name.startswith(
            ("heads.", "classifier."))
        if head_bias or "attention" in name:
            torch.nn.init.normal_(parameter, std=0.4)


@torch.no_grad()
def write_network(writer, name, config, seed, mirror=False):
    """A whole random network; the trained form must say the same."""
    torch.manual_seed(seed)
    model = Aha(config).eval()
    unsettle(model)
    crops = {r.name: torch.randn(FACES, 1, *r.input) for r in model.regions}
    tensors, description = weight_file.from_model(model)
    description["temperature"] = 1.3
    description["training"] = {"data": "none: random weights",
                               "accuracy": {"FER-2013 PublicTest": 0.0}}
    if mirror:
        description["mirror"] = True
    net = weight_file.Network(
        {k: v.numpy() for k, v in tensors.items()}, description)
    told = net(crops)
    drift = (net.look(crops)["logits"] - model(crops)[0]).abs().max()
    if not drift < 1e-4:
        raise RuntimeError(f"{name}: folding moved a logit by {drift:.1e}")
    for region, crop in crops.items():
        tensors[f"golden.region.{region}"] = crop
    for region, heat in told.pop("attention").items():
        tensors[f"golden.attention.{region}"] = heat
    tensors.update({f"golden.{k}": v for k, v in told.items()})
    writer.write(name, tensors, about("expression", description))


def photograph(height, width):
    """Smooth colours and some texture, uint8 values as floats."""
    random = torch.Generator().manual_seed(7)
    coarse = torch.rand(1, 3, 5, 6, generator=random)
    photo = F.interpolate(coarse, (height, width), mode="bicubic",
                          align_corners=False)[0] * 200 + 20
    photo = photo + 25 * torch.randn(3, height, width, generator=random)
    return photo.round().clamp(0, 255)


def face_points(centre, side, degrees):
    """The template's points as of one face of a photo, a little unlike it."""
    random = torch.Generator().manual_seed(int(side))
    turn = torch.tensor(degrees).deg2rad()
    rotate = torch.tensor([[turn.cos(), -turn.sin()],
                           [turn.sin(), turn.cos()]])
    points = align.template() + 0.03 * torch.randn(5, 2, generator=random)
    return (points - 0.5) @ rotate.T * side + torch.tensor(centre)


def about_regions(regions):
    """Metadata that lets the C test cut the same regions."""
    config = {"points": list(align.POINTS), "regions": [
        {"name": r.name, "anchor": r.anchor, "offset": list(r.offset),
         "size": list(r.size), "input": list(r.input)} for r in regions]}
    return {"config": json.dumps(config)}


def moved(points, size, degrees, shift):
    """Points [5, 2] scaled and turned about their mean, then shifted."""
    turn, mean = torch.tensor(degrees).deg2rad(), points.mean(0)
    rotate = size * torch.tensor([[turn.cos(), -turn.sin()],
                                  [turn.sin(), turn.cos()]])
    return (points - mean) @ rotate.T + mean + torch.tensor(shift)


def write_align_photo(writer):
    """Region crops of a photograph, of faces of every size and turn."""
    pixels = np.asarray(Image.open(f"{paths.GOLDEN}/{PHOTO}").convert("RGB"))
    luma = torch.from_numpy(pixels @ np.float32([0.299, 0.587, 0.114]))
    points = torch.stack([moved(torch.tensor(PHOTO_POINTS), *face)
                          for face in PHOTO_FACES])
    crops = align.crops(luma.expand(len(points), 1, -1, -1), points,
                        align.REGIONS.values())
    tensors = {f"crop.{name}": crop[:, 0].half()
               for name, crop in crops.items()}
    tensors["points"] = points
    writer.write("align_photo", tensors,
                 about_regions(align.REGIONS.values()))


def write_align(writer):
    """Region crops of one photo for three faces, all smaller than a region."""
    photo = photograph(44, 52)
    points = torch.stack([face_points((25.0, 21.0), 26.0, 0.0),
                          face_points((29.0, 24.0), 22.0, 28.0),
                          face_points((8.0, 36.0), 25.0, -75.0)])
    luma = (photo * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0)
    grey = ((luma / 255 - MEAN) / STD)[None, None].expand(len(points), -1, -1,
                                                          -1)
    a, b = align.similarity(points)
    tensors = {"photo": photo, "points": points,
               "similarity": torch.stack([
                   torch.stack([a.real, -a.imag, b.real], 1),
                   torch.stack([a.imag, a.real, b.imag], 1)], 1),
               "frame_points": align.to_frame(points, a, b),
               "normalization": torch.tensor([MEAN, STD])}
    small = align.scaled(align.REGIONS.values(), 0.5)
    crops = align.crops(grey, points, small)
    widest = float((1 / a.abs()).max())
    if widest > 30:
        raise RuntimeError(f"a face of {widest:.0f} px needs area averages")
    for name, crop in crops.items():
        tensors[f"crop.{name}"] = crop[:, 0]
    writer.write("align", tensors, about_regions(small))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", default=paths.GOLDEN)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.backends.mkldnn.enabled = False
    writer = Writer(args.out)
    write_graphs(writer)
    write_int8(writer)
    write_linear(writer)
    write_lstm(writer)
    write_network(writer, "aha_tiny", TINY_AHA, seed=11)
    write_network(writer, "aha_concat", TINY_CONCAT, seed=12)
    write_network(writer, "aha_mirror", TINY_AHA, seed=13, mirror=True)
    write_align(writer)
    write_align_photo(writer)
    print(f"{writer.count} files, {writer.size / 1024:.0f} KiB in "
          f"{paths.shown(args.out)}")


if __name__ == "__main__":
    main()
