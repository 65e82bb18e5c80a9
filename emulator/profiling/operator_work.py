"""What an operator of a network has to do: multiplications and additions, bytes of its tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from emulator.profiling.operator_names import OPERATOR_NAMES

NOT_KNOWN = -1
ELEMENT_BITS = {
    "float32": 32, "int32": 32, "uint32": 32, "int64": 64, "float64": 64, "int16": 16, "uint16": 16,
    "float16": 16, "int4": 4,
}  # fmt: skip
"""Of other types 8."""
OWN_GRAPHS = {
    "CUSTOM", "CALL", "IF", "WHILE", "DELEGATE", "LSTM", "RNN", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN",
}  # fmt: skip
"""Operators whose multiplications the shapes alone don't tell."""
FILTER = 1
"""Which input holds the weights (TensorFlow Lite's kernels: conv.cc, fully_connected.cc ...)."""


@dataclass(frozen=True, slots=True)
class TensorShape:
    """A tensor of an operator. ``is_constant``: it comes with the image. ``address``: -1 for not known."""

    shape: tuple[int, ...]
    type: str
    is_constant: bool = False
    address: int = NOT_KNOWN

    @property
    def size_bytes(self) -> int:
        """Bytes that its elements take."""
        return -(-prod(self.shape) * ELEMENT_BITS.get(self.type, 8) // 8)

    def __str__(self) -> str:
        return "x".join(map(str, self.shape)) or "scalar"


@dataclass(frozen=True, slots=True)
class Work:
    """An operator's work. ``macs``: :data:`NOT_KNOWN` when its shapes don't tell.

    ``weight_bytes``: of its constant inputs; ``activation_bytes``: of its other inputs and its outputs.
    """

    name: str
    inputs: tuple[TensorShape, ...]
    outputs: tuple[TensorShape, ...]
    macs: int
    weight_bytes: int
    activation_bytes: int


def work_of(name: str, inputs: Sequence[TensorShape], outputs: Sequence[TensorShape]) -> Work:
    """The work of an operator of TensorFlow Lite by its name and shapes."""
    return Work(
        name,
        tuple(inputs),
        tuple(outputs),
        macs_of(name, inputs, outputs),
        sum(tensor.size_bytes for tensor in inputs if tensor.is_constant),
        sum(tensor.size_bytes for tensor in (*inputs, *outputs) if not tensor.is_constant),
    )


def macs_of(name: str, inputs: Sequence[TensorShape], outputs: Sequence[TensorShape]) -> int:
    """Multiply-accumulates: products that are summed; 0 for an operator that sums none.

    A filter's shape is [out, height, width, in], that of a depthwise one [1, height, width, out].
    """
    if name in OWN_GRAPHS or name not in OPERATOR_NAMES or not outputs:
        return NOT_KNOWN
    produced = prod(outputs[0].shape)
    weights = inputs[FILTER].shape if len(inputs) > FILTER else ()
    sums = {  # products of one element of the output
        "BATCH_MATMUL": inputs[0].shape[-1:] if inputs else (),
        "CONV_2D": weights[1:],
        "DEPTHWISE_CONV_2D": weights[1:3],
        "FULLY_CONNECTED": weights[-1:],
    }
    if name == "TRANSPOSE_CONV" and len(inputs) > FILTER + 1:  # inputs: output's shape, weights, data
        return prod(inputs[FILTER + 1].shape) * prod(weights[:3])
    return produced * prod(sums[name]) if sums.get(name) else 0
