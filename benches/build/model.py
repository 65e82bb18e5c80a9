"""A ``.tflite`` file as dataclasses: tensors, operators and their options.

Field numbers are those of TensorFlow Lite's ``schema.fbs`` (version 3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benches.build.flatbuffer import Table
from emulator.errors import ImageError
from emulator.files import read_bytes
from emulator.profiling.operator_names import OPERATOR_NAMES

FILE_IDENTIFIER = b"TFL3"
TENSOR_TYPES = {
    0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 5: "string", 6: "bool",
    7: "int16", 8: "complex64", 9: "int8", 10: "float64", 17: "int4",
}  # fmt: skip
ACTIVATIONS = {0: "none", 1: "relu", 2: "relu_n1_to_1", 3: "relu6", 4: "tanh", 5: "sign_bit"}
PADDINGS = {0: "same", 1: "valid"}

# operator -> option name -> (field number, struct kind, default)
OPTIONS: Mapping[str, Mapping[str, tuple[int, str, float]]] = {
    "CONV_2D": {
        "padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0),
        "activation": (3, "b", 0), "dilation_w": (4, "i", 1), "dilation_h": (5, "i", 1),
    },
    "DEPTHWISE_CONV_2D": {
        "padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0),
        "depth_multiplier": (3, "i", 0), "activation": (4, "b", 0),
        "dilation_w": (5, "i", 1), "dilation_h": (6, "i", 1),
    },
    "AVERAGE_POOL_2D": {
        "padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0),
        "filter_w": (3, "i", 0), "filter_h": (4, "i", 0), "activation": (5, "b", 0),
    },
    "FULLY_CONNECTED": {"activation": (0, "b", 0), "weights_format": (1, "b", 0)},
    "ADD": {"activation": (0, "b", 0)},
    "SOFTMAX": {"beta": (0, "f", 0.0)},
    "MEAN": {"keep_dims": (0, "b", 0)},
}  # fmt: skip
OPTIONS = {**OPTIONS, "MAX_POOL_2D": OPTIONS["AVERAGE_POOL_2D"]}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor; ``data`` is its constant value in its own shape, or None."""

    index: int
    name: str
    type: str
    shape: tuple[int, ...]
    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    quantized_dimension: int
    data: NDArray[np.generic] | None

    @property
    def scale(self) -> np.float32:
        """The scale of a per-tensor quantization."""
        return np.float32(self.scales[0])

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantization."""
        return int(self.zero_points[0])

    @property
    def elements(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def size_bytes(self) -> int:
        """Bytes the tensor takes in memory."""
        return self.elements * {"float32": 4, "int32": 4}.get(self.type, 1)

    def __str__(self) -> str:
        return f"tensor {self.index} {self.name!r} ({self.type} {'x'.join(map(str, self.shape)) or 'scalar'})"


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator; an input index of -1 (an optional input left out) becomes None."""

    index: int
    name: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: Mapping[str, float] = field(default_factory=dict)

    def integer(self, option: str) -> int:
        """Read an integer option."""
        return int(self.options[option])

    def __str__(self) -> str:
        return f"operator {self.index} {self.name}"


@dataclass(frozen=True, slots=True)
class Model:
    """The only subgraph of a model file."""

    file: str
    sha256: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def read_model(path: Path) -> Model:
    """Read a model file.

    Raises :class:`ImageError` for a file that is absent, damaged, no TensorFlow Lite
    model, or has several subgraphs.
    """
    data = read_bytes(path, error=ImageError)
    if data[4:8] != FILE_IDENTIFIER:
        raise ImageError("not a TensorFlow Lite model (no TFL3 mark)", where=str(path),
                         next_step="give a .tflite file that a TensorFlow Lite converter wrote")  # fmt: skip
    try:
        return _read(path, data)
    except ImageError as error:
        raise ImageError(error.what, where=str(path)) from error
    except (ValueError, IndexError) as error:
        raise ImageError(f"damaged: {error}", where=str(path)) from error


def _read(path: Path, data: bytes) -> Model:
    root = Table.root(data)
    subgraphs = root.tables(2)
    if len(subgraphs) != 1:
        raise ImageError(f"has {len(subgraphs)} subgraphs; only models with one are supported")
    graph = subgraphs[0]
    buffers = root.tables(4)
    tensors = tuple(_tensor(i, table, buffers) for i, table in enumerate(graph.tables(0)))
    codes = [_operator_name(table) for table in root.tables(1)]
    operators = tuple(_operator(i, t, codes, tensors) for i, t in enumerate(graph.tables(3)))
    return Model(
        file=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        tensors=tensors,
        operators=operators,
        inputs=tuple(tensors[int(i)] for i in graph.numbers(1, "i4")),
        outputs=tuple(tensors[int(i)] for i in graph.numbers(2, "i4")),
    )


def _operator_name(code: Table) -> str:
    number = max(code.integer(0, "b"), code.integer(3))
    if number == OPERATOR_NAMES.index("CUSTOM"):
        return f"CUSTOM({code.text(1)})"
    return OPERATOR_NAMES[number] if number < len(OPERATOR_NAMES) else f"BUILTIN_{number}"


def _tensor(index: int, table: Table, buffers: list[Table]) -> Tensor:
    shape = tuple(int(n) for n in table.numbers(0, "i4"))
    number = table.integer(1, "b")
    kind = TENSOR_TYPES.get(number, f"type {number}")
    quantization = table.table(4)
    raw = buffers[table.integer(2, "I")].numbers(0, "u1")
    data: NDArray[np.generic] | None = None
    if raw.size and kind in ("float32", "int32", "uint8", "int64", "int16", "int8"):
        data = np.frombuffer(raw.tobytes(), dtype=kind).reshape(shape)
    empty = Table(b"\x04\x00\x04\x00\x04\x00\x00\x00", 4)
    return Tensor(
        index=index,
        name=table.text(3),
        type=kind,
        shape=shape,
        scales=(quantization or empty).numbers(2, "f4").astype(np.float32),
        zero_points=(quantization or empty).numbers(3, "i8").astype(np.int64),
        quantized_dimension=quantization.integer(6) if quantization else 0,
        data=data,
    )


def _operator(index: int, table: Table, codes: list[str], tensors: tuple[Tensor, ...]) -> Operator:
    name = codes[table.integer(0, "I")]
    options_table = table.table(4)
    options: dict[str, float] = {}
    for option, (number, kind, default) in OPTIONS.get(name, {}).items():
        if options_table is None:
            options[option] = default
        elif kind == "f":
            options[option] = options_table.real(number, default)
        else:
            options[option] = options_table.integer(number, kind, int(default))
    return Operator(
        index=index,
        name=name,
        inputs=tuple(tensors[int(i)] if i >= 0 else None for i in table.numbers(1, "i4")),
        outputs=tuple(tensors[int(i)] for i in table.numbers(2, "i4")),
        options=options,
    )
