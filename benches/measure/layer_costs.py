"""Instructions and cycles of each layer of our own firmware, exact at the layer markers.

The firmware calls ``boardless_layer_begin(index)`` before a layer and ``boardless_layer_end``
behind it; the machine stops at both and its counters are read. A layer's figures hold the
return from the one marker and the call of the other, half a dozen instructions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benches.measure.network_description import LayerDescription
from benches.measure.performance import PerformanceSession
from benches.protocol.host import ProtocolError
from benches.suite.input_files import InputData
from emulator.errors import UsageError
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine
from emulator.profiling import CountState, CycleStack, fold

BEGIN, END = "boardless_layer_begin", "boardless_layer_end"
PATIENCE_CYCLES = 1 << 40


@dataclass(frozen=True, slots=True)
class LayerCost:
    """One layer in one inference."""

    index: int
    layer: LayerDescription
    instructions: int
    cycles: int
    stack: CycleStack

    @property
    def cycles_per_mac(self) -> float | None:
        """None for a layer that multiplies nothing."""
        return self.cycles / self.layer.macs if self.layer.macs else None

    def as_json(self) -> dict[str, Any]:
        """The layer as it stands under ``layers``."""
        return {
            "index": self.index,
            **asdict(self.layer),
            "instructions": self.instructions,
            "cycles": self.cycles,
            "cycles_per_mac": self.cycles_per_mac,
            "cycles_by_cause": self.stack.as_json(),
        }


def measure_layers(
    machine: Machine, layers: Sequence[LayerDescription], data: InputData
) -> tuple[LayerCost, ...]:
    """Boot, load ``data``, run one inference from marker to marker.

    Raises :class:`UsageError` when the image has no markers, ProtocolError when they do not
    come in the order of ``layers``.
    """
    begin, end = _marker(machine, BEGIN), _marker(machine, END)
    session = PerformanceSession(machine)
    session.host.load(data.data)
    session.channel.send(b"infer 1 0%")
    costs = []
    for index, layer in enumerate(layers):
        _run_to_marker(machine, begin, index)
        before = CountState.of(machine.engine)
        _run_to_marker(machine, end, index)
        passed = CountState.of(machine.engine) - before
        stack = fold(machine.engine, passed).stack
        costs.append(LayerCost(index, layer, passed.totals.instructions, passed.totals.cycles, stack))
    return tuple(costs)


def _marker(machine: Machine, name: str) -> int:
    debug = machine.image.debug if machine.image is not None else None
    symbol = debug.symbol(name) if debug is not None else None
    if symbol is None:
        raise UsageError(
            f"the image has no symbol {name}",
            where=machine.image.path if machine.image is not None else "",
            next_step="Layers show for images that `boardless build` made and that were not stripped.",
        )
    return symbol.address & ~1


def _run_to_marker(machine: Machine, address: int, index: int) -> None:
    reason = machine.run_to(address, max_cycles=PATIENCE_CYCLES)
    while reason is StopReason.INTERRUPTED:  # a line came
        reason = machine.run_to(address, max_cycles=PATIENCE_CYCLES)
    if reason is not StopReason.BREAK:
        raise ProtocolError(f"the marker of layer {index} never came ({reason.value})")
    found = machine.registers()["r0"]
    if found != index:
        raise ProtocolError(f"the markers name layer {found}, not layer {index}")
