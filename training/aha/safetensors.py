"""Read and write safetensors files (github.com/huggingface/safetensors).

A file is an 8-byte little-endian header length, a JSON header padded with
spaces to a multiple of 8, then the tensors back to back. Only F32, F16 and I8
are known here: nothing else travels in this project.
"""

import json
import os
import struct
from pathlib import Path

import numpy as np

DTYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"),
          "I8": np.dtype("i1")}
NAMES = {np.dtype("float32"): "F32", np.dtype("float16"): "F16",
         np.dtype("int8"): "I8"}


def write(path, tensors, metadata=None):
    """Write {name: array} and {key: string}, in their order, atomically."""
    header, blobs, at = {}, [], 0
    if metadata:
        header["__metadata__"] = {k: str(v) for k, v in metadata.items()}
    for name, array in tensors.items():
        array = np.ascontiguousarray(array)
        kind = NAMES[array.dtype]
        blob = array.astype(DTYPES[kind], copy=False).tobytes()
        header[name] = {"dtype": kind, "shape": list(np.shape(array)),
                        "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + f".{os.getpid()}.part")
    with open(part, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(blobs)
    os.replace(part, path)


def read(path):
    """Return ({name: array}, {key: string}); F16 stays F16."""
    raw = Path(path).read_bytes()
    (size,) = struct.unpack_from("<Q", raw)
    header = json.loads(raw[8:8 + size])
    metadata = header.pop("__metadata__", {})
    body = memoryview(raw)[8 + size:]
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        array = np.frombuffer(body[first:last], DTYPES[entry["dtype"]])
        tensors[name] = array.reshape(entry["shape"])
    return tensors, metadata
