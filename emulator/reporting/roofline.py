"""The roofline: what an operator could reach at best on this core and these memories.

The roof over an operator is the lower of two: what the core multiplies and accumulates in a cycle, and
what its memories bring in a cycle times its MACs per byte, each tensor moved once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.recording.model import Operator
from emulator.reporting.view import View


@dataclass(frozen=True, slots=True)
class Peak:
    """What a core can do at best: 8- and 16-bit MACs, and bytes loaded, a cycle; by what, and who says so."""

    macs_a_cycle: float
    bytes_a_cycle: int
    instructions: str
    source: str


_ARMV6M = Peak(0.5, 4, "MULS and ADDS", "TRM: MULS 1 cycle (fast multiplier), ADDS 1")
_ARMV7M = Peak(0.5, 4, "MLA", "Cortex-M3 TRM (DDI 0337): MLA 2 cycles; LDR pipelined, 1 a cycle")
PEAKS: Mapping[str, Peak] = {
    "cortex-m0": _ARMV6M,
    "cortex-m0plus": _ARMV6M,
    "cortex-m3": _ARMV7M,
    "cortex-m4": Peak(2.0, 4, "SMLAD", "Cortex-M4 TRM (DDI 0439): SMLAD 1 cycle; LDR pipelined, 1 a cycle"),
    "cortex-m7": Peak(2.0, 8, "SMLAD", "Cortex-M7: one MAC pipe, SMLAD 1 a cycle; LDRD 64 bits a cycle"),
    "cortex-m33": Peak(2.0, 4, "SMLAD", "Cortex-M33 with DSP: SMLAD 1 cycle; LDR 1 a cycle"),
    "cortex-m55": Peak(8.0, 8, "VMLADAV.S8", "Cortex-M55 TRM (101051): two beats a cycle, of 8 bytes"),
    "cortex-m85": Peak(
        8.0, 8, "VMLADAV.S8", "LLVM ARMScheduleM85.td: one pipe of products, two beats a cycle"
    ),
}


@dataclass(frozen=True, slots=True)
class Roof:
    """An operator under its roof. ``macs_a_byte`` None: bytes are not known, the roof is the core's peak.

    ``moved_bytes``: each tensor once, by memory.
    """

    macs_a_cycle: float
    macs_a_byte: float | None
    roof: float
    moved_bytes: Mapping[str, int]

    @property
    def share(self) -> float:
        """How much of the roof is reached."""
        return self.macs_a_cycle / self.roof if self.roof else 0.0


def roof_of(view: View, operator: Operator) -> Roof | None:
    """None when the operator's MACs, or the core's peak, are not known."""
    peak = PEAKS.get(view.recording.identity.core)
    if peak is None or operator.macs <= 0 or operator.cycles <= 0:
        return None
    moved = moved_bytes(view, operator)
    total = sum(moved.values())
    moving_cycles = sum(count / bytes_a_cycle(view, memory, peak) for memory, count in moved.items())
    least_cycles = max(operator.macs / peak.macs_a_cycle, moving_cycles)
    intensity = operator.macs / total if total else None
    return Roof(operator.macs / operator.cycles, intensity, operator.macs / least_cycles, moved)


def moved_bytes(view: View, operator: Operator) -> dict[str, int]:
    """The bytes of an operator's tensors, each once, by the memory where it lies.

    Where the recording does not tell the tensors' addresses: of weights and of activations.
    """
    found: dict[str, int] = {}
    for size_bytes, address in _tensors(operator):
        memory = _memory_at(view, address)
        found[memory] = found.get(memory, 0) + size_bytes
    if found:
        return found
    known = {"weights": operator.weight_bytes, "activations": operator.activation_bytes}
    return {name: count for name, count in known.items() if count > 0}


def bytes_a_cycle(view: View, memory: str, peak: Peak) -> float:
    """What a memory gives in a cycle: the core's loads by its wait states, or what its accelerator reads."""
    region = next((r for r in _facts(view, "regions", REGION) if r["name"] == memory), None)
    if region is None:
        return peak.bytes_a_cycle
    for accelerator in _facts(view, "accelerators", ACCELERATOR):
        read_bytes, wait_states = (accelerator["parameters"].get(n, 0) for n in ("read_bytes", "wait_states"))
        is_told = _is_count(read_bytes) and _is_count(wait_states) and read_bytes > 0
        if accelerator["name"] == region["accelerator"] and is_told:
            return float(min(read_bytes / (1 + wait_states), peak.bytes_a_cycle))
    return peak.bytes_a_cycle / (1 + max(int(region["wait_states"]), 0))


# -- facts: plain data that a file may hold in any form --------------------------------------
REGION = {
    "name": str,
    "base": int,
    "size_bytes": int,
    "wait_states": int,
    "accelerator": str,
    "alias_of": str,
}
ACCELERATOR = {"name": str, "parameters": dict}


def _facts(view: View, name: str, form: Mapping[str, type]) -> Iterator[dict[str, Any]]:
    """The tables of that name among the board's facts that have this form."""
    facts = view.recording.identity.board_facts.get(name)
    for table in facts if isinstance(facts, list) else ():
        if isinstance(table, dict) and all(isinstance(table.get(key), kind) for key, kind in form.items()):
            yield table


def _tensors(operator: Operator) -> Iterator[tuple[int, int]]:
    """(bytes, address) of each tensor: of ``[shape, kind, bytes, is constant, address]``."""
    tensors = operator.facts.get("tensors")
    for tensor in tensors if isinstance(tensors, list | tuple) else ():
        if (
            isinstance(tensor, list | tuple)
            and len(tensor) == 5
            and all(map(_is_count, (tensor[2], tensor[4])))
        ):
            yield tensor[2], tensor[4]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and value >= 0


def _memory_at(view: View, address: int) -> str:
    for region in _facts(view, "regions", REGION):
        if region["base"] <= address < region["base"] + region["size_bytes"]:
            return str(region["alias_of"] or region["name"])
    return "elsewhere"
