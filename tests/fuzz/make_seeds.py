#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write tests/fuzz/seeds: a few good and nearly good inputs of each target.

Cases that were found later lie beside them and are left alone.
"""

import base64
import json
import shutil
import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data"
LABELS = ["anger", "disgust", "fear", "happiness", "sadness", "surprise",
          "neutral"]


def write(target, name, content):
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(
        content if isinstance(content, bytes) else content.encode())


def safetensors(tensors, metadata):
    """{name: (shape, values)} as one file, F32, or I8 where they are bytes."""
    header, data = {"__metadata__": metadata}, b""
    for name, (shape, values) in sorted(tensors.items()):
        start, in_bytes = len(data), isinstance(values, bytes)
        data += (values if in_bytes
                 else struct.pack(f"<{len(values)}f", *values))
        header[name] = {"dtype": "I8" if in_bytes else "F32", "shape": shape,
                        "data_offsets": [start, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def region(name, branch, anchor):
    """One region, its net 1 to 2 channels on 8 x 8 pixels, and its tensors."""
    tensors = {f"{name}.w": ([2, 1, 3, 3], [.1] * 18),
               f"{name}.b": ([2], [.1, -.1]),
               f"{name}.a": ([1, 2, 7, 7], [.01] * 98),
               f"{name}.ab": ([1], [1]),
               f"{name}.head": ([7, 2], [i / 7 for i in range(14)])}
    layers = [
        {"op": "conv2d", "in": [0], "weight": f"{name}.w", "bias": f"{name}.b",
         "stride": 2, "padding": [1, 1, 1, 1], "groups": 1,
         "activation": "relu"},
        {"op": "spatial_attention", "in": [1], "weight": f"{name}.a",
         "bias": f"{name}.ab"},
        {"op": "adaptive_avg_pool2d", "in": [2]}]
    return {"name": name, "branch": branch, "anchor": anchor,
            "offset": [0, 0], "size": [1, 1],
            "graph": {"input": [1, 8, 8], "layers": layers,
                      "outputs": {"z": 3, "attention": 2}},
            "head": {"kind": "cosine", "weight": f"{name}.head",
                     "scale": 8}}, tensors


def in_bytes(part):
    """The region with two convolutions of bytes before its attention."""
    entry, tensors = part
    name, layers = entry["name"], entry["graph"]["layers"]
    conv = {"op": "conv2d", "stride": 1, "padding": [1, 1, 1, 1], "groups": 1}
    more = [{"op": "quantize", "in": [1], "step": .05}]
    for i, after in enumerate(({"activation": "relu", "step": .04},
                               {"activation": "none"})):
        key = f"{name}.q{i}"
        tensors |= {key: ([2, 2, 3, 3], bytes(range(100, 136))),
                    f"{key}.scale": ([2], [.01, .02]),
                    f"{key}.b": ([2], [.5, -.5])}
        more.append({**conv, "in": [2 + i], "weight": key,
                     "bias": f"{key}.b", **after})
    more.append({"op": "add", "in": [4, 2], "activation": "relu"})
    layers[1]["in"], layers[2]["in"] = [5], [6]
    entry["graph"]["layers"] = layers[:1] + more + layers[1:]
    entry["graph"]["outputs"] = {"z": 7, "attention": 6}
    return entry, tensors


def network(fusion, change=lambda part: part):
    parts = [change(region("face", "global", "frame")),
             change(region("mouth", "local", "mouth"))]
    tensors = {k: v for _, own in parts for k, v in own.items()}
    config = {
        "labels": LABELS,
        "template": {"left_eye": [.685, .385], "right_eye": [.315, .389],
                     "nose": [.5, .626], "mouth_left": [.655, .772],
                     "mouth_right": [.351, .776]},
        "normalization": {"mean": .5, "std": .25},
        "regions": [part for part, _ in parts],
        "fusion": {"kind": "concat"},
        "classifier": {"kind": "linear", "weight": "c.w", "bias": "c.b"},
        "temperature": 1.5, "uncertain_below": .5,
        "training": {"data": "none", "accuracy": {"none": 1.5}}}
    tensors["c.w"] = ([7, 4], [i / 28 for i in range(28)])
    tensors["c.b"] = ([7], [0] * 7)
    if fusion == "lstm":
        branches = []
        for name in ("global", "local"):
            tensors |= {f"{name}.ih": ([8, 2], [.1] * 16),
                        f"{name}.hh": ([8, 2], [.1] * 16),
                        f"{name}.lb": ([8], [.1] * 8)}
            branches.append({"name": name, "hidden": 2,
                             "weight_ih": f"{name}.ih",
                             "weight_hh": f"{name}.hh", "bias": f"{name}.lb"})
        config["fusion"] = {"kind": "lstm", "branches": branches}
    return safetensors(tensors, {
        "format": "aha", "format_version": "1", "kind": "expression",
        "name": "seed", "version": "1", "config": json.dumps(config)})


def form(boundary, *parts):
    out = b""
    for name, content in parts:
        out += (f"--{boundary}\r\nContent-Disposition: form-data; "
                f'name="{name}"\r\n\r\n').encode() + content + b"\r\n"
    return out + f"--{boundary}--\r\n".encode()


def tensor(shape, data, **more):
    return {"name": "face", "datatype": "FP32", "shape": shape,
            **({"data": data} if data is not None else {}), **more}


def tensors():
    flat = {"id": "a", "inputs": [tensor([1, 1, 16, 16], [.5] * 256)],
            "outputs": [{"name": "probabilities",
                         "parameters": {"binary_data": True}}]}
    nested = {"inputs": [tensor([1, 1, 16, 16], [[[[0] * 16] * 16]])]}
    raw = json.dumps({"inputs": [tensor([1, 1, 16, 16], None, parameters={
        "binary_data_size": 1024})]}).encode()
    write("tensor", "flat", b"\0\0" + json.dumps(flat).encode())
    write("tensor", "nested", b"\0\0" + json.dumps(nested).encode())
    write("tensor", "binary", struct.pack("<H", len(raw)) + raw
          + struct.pack("<256f", *([.25] * 256)))
    bytes_ = raw.replace(b"FP32", b"UINT8").replace(b"1024", b"256")
    write("tensor", "uint8", struct.pack("<H", len(bytes_)) + bytes_
          + bytes(range(256)))


def jsons():
    image = base64.b64encode((DATA / "rgb.png").read_bytes()).decode()
    one = {"image": {"base64": image},
           "options": {"max_faces": 1, "include": "pose,quality",
                       "coords": "normalized"}}
    many = {"images": [{"base64": image}] * 3, "options": {"top_k": 2}}
    write("json", "analyze", b"\0" + json.dumps(one).encode())
    write("json", "detect", b"\1" + json.dumps(
        {"image": {"base64": f"data:image/png;base64,{image}"}}).encode())
    write("json", "batch", b"\2" + json.dumps(many).encode())
    write("json", "deep", b"\0" + b'{"image":' + b"[" * 3000)
    write("json", "twice", b'\0{"image":{},"image":{"base64":"QUJD"}}')


def main():
    for kind in ("concat", "lstm"):
        write("safetensors", kind, network(kind))
    write("safetensors", "int8", network("lstm", in_bytes))
    for name in ("golden_softmax", "golden_linear"):
        shutil.copy(DATA / f"{name}.safetensors",
                    HERE / "seeds" / "safetensors" / name)
    write("config", "all", 'port = 8080\nworkers=2 # two\nmodels = "a \\"b"\n'
          "formats = jpeg,png\ndetection-threshold = .5\n")
    write("config", "broken", 'port = "80\n[x]\nworkers\n')
    write("config", "empty", "# nothing\r\n\n")
    write("options", "all", "max_faces=3&min_face_size=20&det_threshold=.5"
          "&input=aligned&include=pose,quality&coords=normalized"
          "&on_no_face=error&sort=left&top_k=3")
    write("options", "unknown", "max_faces=1&max_faces=2&x=y")
    write("options", "bare", "include&top_k=&=1&input=image")
    for name, path in (("analyze", "/v1/analyze"), ("model", "/v1/models/AHA"),
                       ("infer", "/v2/models/AHA/infer"), ("root", "/"),
                       ("dots", "/web/../v1/info"),
                       ("accept", "text/html;q=0.8, application/json;q=.5,*/*"),
                       ("trace", "00-4bf92f3577b34da6a3ce929d0e0e4736-"
                        "00f067aa0ba902b7-01")):
        write("router", name, path)
    kind = "multipart/form-data; boundary=xy\n"
    photo = (DATA / "rgb.png").read_bytes()
    write("multipart", "photo", b"\x04" + kind.encode() + form(
        "xy", ("file", photo), ("max_faces", b"1")))
    write("multipart", "quoted", b"\x40" + b'multipart/form-data; boundary="a '
          b'b"\n' + form("a b", ("file", b"--a b"), ('q"', b"")))
    write("multipart", "open", b"\x01" + kind.encode()
          + b"--xy\r\nContent-Disposition: form-data; name=a\r\n\r\n--xy\r\n")
    jsons()
    tensors()
    for i, name in enumerate(("rgb.png", "lossy.webp", "grey.jpg", "plain.gif",
                              "orientation_6.tiff", "plain.avif",
                              "progressive.jpg", "deep.heic", "palette.png",
                              "cmyk.jpg", "orientation_6.jpg", "huge.png")):
        write("image", name, bytes([i % 3]) + (DATA / name).read_bytes())


if __name__ == "__main__":
    main()
