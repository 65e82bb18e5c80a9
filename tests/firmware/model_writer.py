"""Write small TensorFlow Lite models, so that each operator is tested by itself."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benches.build.model import OPTIONS, TENSOR_TYPES
from emulator.profiling.operator_names import OPERATOR_NAMES

# number of each operator's option table in the schema's union
OPTION_UNION = {
    "CONV_2D": 1, "DEPTHWISE_CONV_2D": 2, "AVERAGE_POOL_2D": 5, "MAX_POOL_2D": 5,
    "FULLY_CONNECTED": 8, "SOFTMAX": 9, "ADD": 11, "RESHAPE": 17, "PAD": 22, "MEAN": 27,
    "DEQUANTIZE": 46, "QUANTIZE": 89,
}  # fmt: skip
TYPE_NUMBERS = {name: number for number, name in TENSOR_TYPES.items()}
ALIGNMENT = 16


@dataclass
class Scalar:
    kind: str
    value: float


@dataclass
class Vector:
    kind: str
    values: Any


@dataclass
class Tables:
    tables: list[dict[int, Any]]


class _Writer:
    """Parents first: every offset points forward, as FlatBuffers asks."""

    def __init__(self) -> None:
        self.data = bytearray(8)

    def _align(self) -> None:
        self.data += bytes(-len(self.data) % ALIGNMENT)

    def table(self, fields: dict[int, Any]) -> int:
        count = max(fields, default=-1) + 1
        self._align()
        vtable = len(self.data)
        self.data += bytes(4 + 2 * count)
        self._align()
        start = len(self.data)
        self.data += struct.pack("<i", start - vtable)
        places: dict[int, int] = {}
        for number, value in fields.items():
            size = struct.calcsize(value.kind) if isinstance(value, Scalar) else 4
            self.data += bytes(-len(self.data) % size)
            places[number] = len(self.data)
            self.data += struct.pack("<" + value.kind, value.value) if isinstance(value, Scalar) else bytes(4)
        struct.pack_into("<HH", self.data, vtable, 4 + 2 * count, len(self.data) - start)
        for number, place in places.items():
            struct.pack_into("<H", self.data, vtable + 4 + 2 * number, place - start)
        for number, value in fields.items():
            if not isinstance(value, Scalar):
                self._point(places[number], self._child(value))
        return start

    def _point(self, place: int, target: int) -> None:
        struct.pack_into("<I", self.data, place, target - place)

    def _child(self, value: Any) -> int:
        if isinstance(value, dict):
            return self.table(value)
        if isinstance(value, str):
            return self._vector("B", value.encode()) if value else self._vector("B", b"")
        if isinstance(value, Vector):
            return self._vector(value.kind, value.values)
        assert isinstance(value, Tables)
        start = self._vector("I", [0] * len(value.tables))
        for i, table in enumerate(value.tables):
            self._point(start + 4 + 4 * i, self.table(table))
        return start

    def _vector(self, kind: str, values: Any) -> int:
        self._align()
        self.data += bytes(12)  # so that the elements behind the count are aligned
        start = len(self.data)
        self.data += struct.pack("<I", len(values))
        self.data += struct.pack(f"<{len(values)}{kind}", *values) + b"\0"
        return start


@dataclass
class ModelWriter:
    """Tensors and operators one by one, then ``write``."""

    tensors: list[dict[int, Any]] = field(default_factory=list)
    buffers: list[dict[int, Any]] = field(default_factory=lambda: [{}])
    codes: list[str] = field(default_factory=list)
    operators: list[dict[int, Any]] = field(default_factory=list)

    def tensor(
        self,
        shape: tuple[int, ...],
        kind: str = "int8",
        scale: Any = (),
        zero_point: Any = (),
        dimension: int = 0,
        data: Any = None,
        name: str = "",
    ) -> int:
        buffer = 0
        if data is not None:
            self.buffers.append({0: Vector("B", np.ascontiguousarray(data, dtype=kind).tobytes())})
            buffer = len(self.buffers) - 1
        scales = np.atleast_1d(np.asarray(scale, dtype=np.float32))
        quantization = {}
        if scales.size:
            points = np.broadcast_to(np.atleast_1d(zero_point), scales.shape)
            quantization = {
                2: Vector("f", [float(s) for s in scales]),
                3: Vector("q", [int(z) for z in points]),
                6: Scalar("i", dimension),
            }
        self.tensors.append(
            {
                0: Vector("i", shape),
                1: Scalar("b", TYPE_NUMBERS[kind]),
                2: Scalar("I", buffer),
                3: name or f"tensor_{len(self.tensors)}",
                4: quantization,
            }
        )
        return len(self.tensors) - 1

    def operator(self, name: str, inputs: list[int], outputs: list[int], **options: float) -> None:
        if name not in self.codes:
            self.codes.append(name)
        fields: dict[int, Any] = {
            0: Scalar("I", self.codes.index(name)),
            1: Vector("i", inputs),
            2: Vector("i", outputs),
        }
        if name in OPTION_UNION:
            known = OPTIONS.get(name, {})
            table = {number: Scalar(kind, options.get(option, default))
                     for option, (number, kind, default) in known.items()}  # fmt: skip
            fields |= {3: Scalar("B", OPTION_UNION[name]), 4: table}
        self.operators.append(fields)

    def write(self, path: Path, inputs: list[int], outputs: list[int]) -> Path:
        codes = []
        for name in self.codes:
            number = OPERATOR_NAMES.index(name)
            codes.append({0: Scalar("b", min(number, 127)), 2: Scalar("i", 1), 3: Scalar("i", number)})
        graph = {
            0: Tables(self.tensors),
            1: Vector("i", inputs),
            2: Vector("i", outputs),
            3: Tables(self.operators),
        }
        writer = _Writer()
        writer.data[4:8] = b"TFL3"
        root = writer.table(
            {0: Scalar("I", 3), 1: Tables(codes), 2: Tables([graph]), 4: Tables(self.buffers)}
        )
        struct.pack_into("<I", writer.data, 0, root)
        path.write_bytes(bytes(writer.data))
        return path
