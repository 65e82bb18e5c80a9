"""TensorFlow Lite Micro's structures, as they lie in a firmware's memory.

Layouts of the library since 2021, with TF_LITE_STATIC_MEMORY as on every microcontroller
(``core/c/common.h``, ``micro/micro_common.h``, ``micro/micro_allocator.h``). Nothing is taken on trust:
a node is one when its registration names the very function that is called.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.engine.core import Core
from emulator.profiling.operator_names import OPERATOR_NAMES
from emulator.profiling.operator_work import TensorShape, Work, work_of
from emulator.system.core import MemoryFault

WORD_BYTES = 4
NODE_WORDS = range(4, 14)
"""Where a node's registration may stand behind its beginning: it follows the node."""
INVOKE, BUILTIN_CODE, CUSTOM_NAME = 12, 20, 24
"""Offsets in a registration, in bytes; those of TFLMRegistration and of the older TfLiteRegistration."""
CUSTOM = 32
MOST_BUILTIN_CODES = 1024
NODE_INPUTS, NODE_OUTPUTS = 0, 4
GRAPH_WORDS = range(8)
"""Where a graph object keeps its allocations: among its first words."""
EVAL_TENSOR = struct.Struct("<IIB3x")
"""Where the data lie, the TfLiteIntArray of dimensions, the type."""
MOST_DIMENSIONS, MOST_TENSORS = 8, 64
LONGEST_NAME_BYTES = 200
TENSOR_TYPES: Mapping[int, str] = {
    1: "float32", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8", 10: "float16",
    11: "float64", 16: "uint32", 17: "uint16", 18: "int4",
}  # fmt: skip
"""TfLiteType of ``core/c/c_api_types.h``, of tensors with elements."""


@dataclass(slots=True)
class Interpreter:
    """Reads the operator that the interpreter is about to call.

    ``is_constant(address)``: whether a datum there comes with the image, as weights do.
    """

    core: Core
    is_constant: Callable[[int], bool]
    graph: int = 0  # ``this`` of the function that calls the operators
    subgraph: int = 0
    first_node: int = 0

    def entered(self) -> None:
        """The interpreter begins a subgraph: r0 is the graph, r1 the subgraph's number."""
        self.graph, self.subgraph, self.first_node = self.core.get("r0"), self.core.get("r1"), 0

    def operator(self, target: int) -> Mapping[str, Any] | None:
        """Facts of the operator whose ``invoke`` is called: r1 is its node; None for another call."""
        node = self.core.get("r1")
        try:
            registration = self._registration(node, target)
            if registration is None:
                return None
            self.first_node = self.first_node or node
            name = self._name(registration)
            work = self._work(name, node)
        except MemoryFault:
            return None
        return {"name": name, "work": work, "graph": self.graph}

    def _registration(self, node: int, target: int) -> int | None:
        for candidate in self._words(node + WORD_BYTES * NODE_WORDS.start, len(NODE_WORDS)):
            is_place = candidate % WORD_BYTES == 0 and self.core.memory_at(candidate + INVOKE) is not None
            if is_place and self._word(candidate + INVOKE) == target | 1:
                return candidate
        return None

    def _name(self, registration: int) -> str:
        code = self._word(registration + BUILTIN_CODE)
        if code == CUSTOM:
            return self._text(self._word(registration + CUSTOM_NAME)) or "CUSTOM"
        if code < len(OPERATOR_NAMES):
            return OPERATOR_NAMES[code]
        return f"BUILTIN_{code}" if code < MOST_BUILTIN_CODES else ""

    # -- tensors -----------------------------------------------------------------------------
    def _work(self, name: str, node: int) -> Work | None:
        tensors = self._tensors()
        if tensors is None:
            return None
        inputs = self._indices(self._word(node + NODE_INPUTS))
        outputs = self._indices(self._word(node + NODE_OUTPUTS))
        shapes = [[self._tensor(tensors, n) for n in numbers if n >= 0] for numbers in (inputs, outputs)]
        known = [[shape for shape in side if shape is not None] for side in shapes]
        return work_of(name, known[0], known[1]) if shapes == known else None

    def _tensors(self) -> int | None:
        """The subgraph's tensors: beside its nodes, in the allocations that the graph holds."""
        for allocations in self._words(self.graph, len(GRAPH_WORDS)):
            entry = allocations + 2 * WORD_BYTES * self.subgraph
            if allocations % WORD_BYTES or self.core.memory_at(entry) is None:
                continue
            if self._word(entry) == self.first_node:
                return self._word(entry + WORD_BYTES)
        return None

    def _indices(self, array: int) -> list[int]:
        """A TfLiteIntArray's numbers; empty for a null pointer and for what can't be one."""
        if not array:
            return []
        size = self._word(array)
        if size > MOST_TENSORS:
            return []
        return list(struct.unpack(f"<{size}i", self._read(array + WORD_BYTES, WORD_BYTES * size)))

    def _tensor(self, tensors: int, index: int) -> TensorShape | None:
        data, array, number = EVAL_TENSOR.unpack(
            self._read(tensors + EVAL_TENSOR.size * index, EVAL_TENSOR.size)
        )
        kind, dims = TENSOR_TYPES.get(number), self._indices(array)
        if kind is None or len(dims) > MOST_DIMENSIONS or any(n < 0 for n in dims):
            return None
        return TensorShape(tuple(dims), kind, is_constant=self.is_constant(data), address=data)

    def _words(self, address: int, count: int) -> tuple[int, ...]:
        """Words, fewer at the end of the memory."""
        memory = self.core.memory_at(address)
        if memory is None:
            raise MemoryFault(address, is_store=False)
        count = min(count, (memory.end - address) // WORD_BYTES)
        return struct.unpack(f"<{count}I", self.core.read_memory(address, WORD_BYTES * count))

    def _word(self, address: int) -> int:
        return int.from_bytes(self._read(address, WORD_BYTES), "little")

    def _read(self, address: int, size_bytes: int) -> bytes:
        """Memory, and nothing else: a register of a device may change by being read."""
        if self.core.memory_at(address) is None:
            raise MemoryFault(address, is_store=False)
        return self.core.read_memory(address, size_bytes)

    def _text(self, address: int) -> str:
        if not address:
            return ""
        data = bytearray()
        while len(data) < LONGEST_NAME_BYTES:
            byte = self._read(address + len(data), 1)
            if byte == b"\0":
                break
            data += byte
        return data.decode("utf-8", errors="replace")
