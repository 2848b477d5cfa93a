"""Compare a weight file with its source."""

import json

import numpy as np

from training.aha import safetensors

from . import run_graph
from .run_source import SourceNet

TOLERANCE = 1e-9  # both sides run in float64
SIZES = {"detector": ((192, 192), (160, 256)),  # any multiple of 32
         "landmarks": ((192, 192),)}
REFERENCES = {"detector": "mediapipe_blazeface_full_f16.safetensors",
              "landmarks": "mediapipe_face_landmark_468_f16.safetensors"}


def _say(well, text):
    print(f"  {'ok' if well else 'WRONG'}: {text}")
    return well


def _check_outputs(graph, tensors, model, size):
    """Run both nets on one random picture."""
    image = np.random.default_rng(0).uniform(-1, 1, (*size, 3))
    values = run_graph.run(graph, tensors, image.transpose(2, 0, 1))
    expected = SourceNet(model).run(image)
    well = True
    for (name, number), output in zip(graph["outputs"].items(), expected):
        difference = abs(values[number] - output.transpose(2, 0, 1)).max()
        well &= _say(difference < TOLERANCE,
                     f"{name} {list(values[number].shape)}: max abs "
                     f"difference {difference:.1e} (largest value "
                     f"{abs(output).max():.3g})")
    parameters = sum(array.size for array in tensors.values())
    macs = run_graph.multiply_adds(graph, tensors, values)
    print(f"  {parameters} parameters, {macs} multiply-adds at {size}")
    return well


def _check_reference(path, tensors, origins):
    """Compare each value with a conversion that kept the source's layout."""
    reference, _ = safetensors.read(path)
    unequal = []
    for name, number in origins.items():
        other = reference.pop(f"t{number}")
        if other.ndim == 4:
            other = other.transpose(0, 3, 1, 2)
        if tensors[name].tobytes() != other.tobytes():
            unequal.append(name)
    left = [name for name, array in reference.items()
            if array.dtype == np.float16]
    return _say(not unequal and not left,
                f"{len(origins)} tensors equal {path.name}'s bit for bit; "
                f"unequal {unequal}, left over {left}")


def check(kind, path, rebuilt, model, network, references):
    """Print each finding about a weight file; True when all hold.

    rebuilt is a new conversion's file; references is the folder of an
    independent conversion, which need not be there.
    """
    print(path.name)
    tensors, metadata = safetensors.read(path)
    graph = json.loads(metadata["config"])["graph"]
    well = _say(path.read_bytes() == rebuilt.read_bytes(),
                "a new conversion gives the same bytes")
    for size in SIZES[kind]:
        well &= _check_outputs(graph, tensors, model, size)
    reference = references / REFERENCES[kind]
    if reference.exists():
        well &= _check_reference(reference, tensors, network.origins)
    return well
