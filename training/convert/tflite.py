"""Read a TFLite flatbuffer: the few tables a feed-forward net needs.

A flatbuffer table starts with the distance back to its vtable; slot i of the
vtable (after two 16-bit sizes) holds where field i lies, or 0 when the field
has its default. Field numbers below are those of TensorFlow's schema.fbs.
"""

import struct
from dataclasses import dataclass

import numpy as np

# Field numbers, by table.
MODEL_OPERATOR_CODES, MODEL_SUBGRAPHS, MODEL_BUFFERS = 1, 2, 4
CODE_DEPRECATED_BUILTIN, CODE_BUILTIN = 0, 3
SUBGRAPH_TENSORS, SUBGRAPH_INPUTS, SUBGRAPH_OUTPUTS = 0, 1, 2
SUBGRAPH_OPERATORS = 3
TENSOR_SHAPE, TENSOR_TYPE, TENSOR_BUFFER = 0, 1, 2
OPERATOR_CODE, OPERATOR_INPUTS, OPERATOR_OUTPUTS, OPERATOR_OPTIONS = 0, 1, 2, 4
BUFFER_DATA = 0

DTYPES = {0: np.float32, 1: np.float16, 2: np.int32}  # TensorType
PADDINGS = ("SAME", "VALID")  # Padding

# BuiltinOperator: code -> name, {option: (field number, format, default)}.
OPERATORS = {
    0: ("ADD", {"fused": (0, "b", 0)}),
    3: ("CONV_2D", {"padding": (0, "b", 0), "stride_w": (1, "i", 0),
                    "stride_h": (2, "i", 0), "fused": (3, "b", 0),
                    "dilation_w": (4, "i", 1), "dilation_h": (5, "i", 1)}),
    4: ("DEPTHWISE_CONV_2D", {"padding": (0, "b", 0), "stride_w": (1, "i", 0),
                              "stride_h": (2, "i", 0), "fused": (4, "b", 0),
                              "dilation_w": (5, "i", 1),
                              "dilation_h": (6, "i", 1)}),
    6: ("DEQUANTIZE", {}),
    17: ("MAX_POOL_2D", {"padding": (0, "b", 0), "stride_w": (1, "i", 0),
                         "stride_h": (2, "i", 0), "filter_w": (3, "i", 0),
                         "filter_h": (4, "i", 0), "fused": (5, "b", 0)}),
    19: ("RELU", {}),
    22: ("RESHAPE", {}),
    23: ("RESIZE_BILINEAR", {"align_corners": (2, "b", 0),
                             "half_pixel_centers": (3, "b", 0)}),
    34: ("PAD", {}),
    54: ("PRELU", {}),
}


@dataclass
class Operator:
    """One operator; inputs and outputs are tensor numbers."""

    name: str
    inputs: list
    outputs: list
    options: dict


@dataclass
class Model:
    """The first subgraph: shapes and constants by tensor number."""

    shapes: list
    constants: dict
    inputs: list
    outputs: list
    operators: list


class Table:
    """A table at one position of the buffer."""

    def __init__(self, buffer, position):
        self.buffer, self.position = buffer, position

    def _unpack(self, fmt, position):
        return struct.unpack_from("<" + fmt, self.buffer, position)[0]

    def _field(self, number):
        """Where a field lies, or None when it has its default."""
        vtable = self.position - self._unpack("i", self.position)
        slot = 4 + 2 * number
        if slot >= self._unpack("H", vtable):
            return None
        offset = self._unpack("H", vtable + slot)
        return self.position + offset if offset else None

    def _follow(self, position):
        return position + self._unpack("I", position)

    def scalar(self, number, fmt, default=0):
        position = self._field(number)
        return default if position is None else self._unpack(fmt, position)

    def table(self, number):
        position = self._field(number)
        return None if position is None else Table(self.buffer,
                                                   self._follow(position))

    def vector(self, number):
        """(first element's position, length) of a vector."""
        position = self._field(number)
        if position is None:
            return 0, 0
        start = self._follow(position)
        return start + 4, self._unpack("I", start)

    def ints(self, number):
        start, length = self.vector(number)
        return list(struct.unpack_from(f"<{length}i", self.buffer, start))

    def tables(self, number):
        start, length = self.vector(number)
        return [Table(self.buffer, self._follow(start + 4 * i))
                for i in range(length)]

    def data(self, number):
        start, length = self.vector(number)
        return self.buffer[start:start + length]


def _read_operator(table, codes):
    name, fields = OPERATORS[codes[table.scalar(OPERATOR_CODE, "I")]]
    options = table.table(OPERATOR_OPTIONS)
    values = {key: options.scalar(*field) if options else field[2]
              for key, field in fields.items()}
    if "padding" in values:
        values["padding"] = PADDINGS[values["padding"]]
    return Operator(name, table.ints(OPERATOR_INPUTS),
                    table.ints(OPERATOR_OUTPUTS), values)


def read(buffer):
    """The model in a TFLite file's bytes."""
    root = Table(buffer, struct.unpack_from("<I", buffer)[0])
    codes = [max(code.scalar(CODE_BUILTIN, "i"),
                 code.scalar(CODE_DEPRECATED_BUILTIN, "b"))
             for code in root.tables(MODEL_OPERATOR_CODES)]
    buffers = root.tables(MODEL_BUFFERS)
    subgraph = root.tables(MODEL_SUBGRAPHS)[0]

    shapes, constants = [], {}
    for number, tensor in enumerate(subgraph.tables(SUBGRAPH_TENSORS)):
        shapes.append(tensor.ints(TENSOR_SHAPE))
        data = buffers[tensor.scalar(TENSOR_BUFFER, "I")].data(BUFFER_DATA)
        if data:
            dtype = DTYPES[tensor.scalar(TENSOR_TYPE, "b")]
            constants[number] = np.frombuffer(data, dtype).reshape(shapes[-1])

    operators = [_read_operator(table, codes)
                 for table in subgraph.tables(SUBGRAPH_OPERATORS)]
    return Model(shapes, constants, subgraph.ints(SUBGRAPH_INPUTS),
                 subgraph.ints(SUBGRAPH_OUTPUTS), operators)
