"""Run a graph of MODEL.md, section 2.1, in numpy, NCHW (float64)."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def _windows(x, kernel, stride, padding, value=0.0):
    """[C, H, W] -> [C, h, w, kH, kW], padded as the layer says."""
    top, left, bottom, right = padding
    x = np.pad(x, ((0, 0), (top, bottom), (left, right)),
               constant_values=value)
    return sliding_window_view(x, kernel, (1, 2))[:, ::stride, ::stride]


def _conv2d(layer, tensors, x):
    weight, bias = tensors[layer["weight"]], tensors[layer["bias"]]
    windows = _windows(x, weight.shape[2:], layer["stride"], layer["padding"])
    if layer["groups"] == 1:
        y = np.tensordot(weight, windows, ((1, 2, 3), (0, 3, 4)))
    else:
        y = np.einsum("cuv,chwuv->chw", weight[:, 0], windows)
    return y + bias[:, None, None]


def _max_pool2d(layer, _, x):
    kernel = (layer["kernel"], layer["kernel"])
    return _windows(x, kernel, layer["stride"], layer["padding"],
                    -np.inf).max((3, 4))


def _pad_channels(layer, _, x):
    return np.concatenate([x, np.zeros((layer["channels"], *x.shape[1:]))])


def _upsample_matrix(size):
    """[2 size, size]: twice the pixels, a quarter from the neighbour."""
    matrix = np.zeros((2 * size, size))
    for i in range(size):
        matrix[2 * i, [max(i - 1, 0), i]] += 0.25, 0.75
        matrix[2 * i + 1, [i, min(i + 1, size - 1)]] += 0.75, 0.25
    matrix[0, 0] = matrix[-1, -1] = 1  # the border repeats
    return matrix


def _upsample_bilinear2d(_, __, x):
    rows, columns = map(_upsample_matrix, x.shape[1:])
    return rows @ x @ columns.T


OPERATIONS = {
    "conv2d": _conv2d,
    "add": lambda layer, tensors, x, y: x + y,
    "max_pool2d": _max_pool2d,
    "pad_channels": _pad_channels,
    "upsample_bilinear2d": _upsample_bilinear2d,
}


def _activate(layer, tensors, x):
    activation = layer.get("activation", "none")
    if activation == "relu":
        return np.maximum(x, 0)
    if activation == "prelu":
        slope = tensors[layer["slope"]][:, None, None]
        return np.where(x < 0, slope * x, x)
    return x


def run(graph, tensors, image):
    """[C, H, W] in; every value, the input first."""
    tensors = {name: array.astype(np.float64)
               for name, array in tensors.items()}
    values = [image]
    for layer in graph["layers"]:
        inputs = [values[number] for number in layer["in"]]
        y = OPERATIONS[layer["op"]](layer, tensors, *inputs)
        values.append(_activate(layer, tensors, y))
    return values


def multiply_adds(graph, tensors, values):
    """Of all convolutions, at the size that made the values."""
    return sum(tensors[layer["weight"]].size * value[0].size
               for layer, value in zip(graph["layers"], values[1:])
               if layer["op"] == "conv2d")
