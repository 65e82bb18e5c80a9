"""A window's profile as rows of a recording: an instruction each, and the jumps between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from emulator.engine.events import LEAVES_JUMP
from emulator.engine.lazily import Plans
from emulator.profiling.counting import CountDifference
from emulator.profiling.disassembly import block_text
from emulator.profiling.fold import BlockProfile, Profile
from emulator.profiling.places import Places
from emulator.profiling.stack import CycleStack
from emulator.recording.model import Instruction, Jump
from emulator.thumb.instruction import Instruction as Decoded


@dataclass(slots=True)
class _Merged:
    """An instruction, of whatever blocks it was executed in."""

    decoded: Decoded
    block: BlockProfile
    count: int = 0
    stack: CycleStack = field(default_factory=CycleStack)


def addresses_of(profile: Profile) -> set[int]:
    """Addresses of all instructions that ran."""
    return {i.address for block in profile.blocks for i in block.block.instructions}


def code_of(profile: Profile, places: Places) -> tuple[Instruction, ...]:
    """Every instruction that ran, by address.

    Code that was overwritten has a row for each of the instructions that stood at its address.
    """
    merged: dict[tuple[int, int], _Merged] = {}
    for block in profile.blocks:
        for item in block.instructions:
            decoded = item.instruction
            row = merged.setdefault((decoded.address, decoded.opcode), _Merged(decoded, block))
            row.count += block.count
            row.stack.merge(item.stack)
    texts = _texts(row.block for row in merged.values())
    return tuple(_row(merged[key], texts[merged[key].block.number], places) for key in sorted(merged))


def _texts(blocks: Iterable[BlockProfile]) -> dict[int, dict[int, str]]:
    """Disassembly by block's number and address."""
    found: dict[int, dict[int, str]] = {}
    for block in blocks:
        if block.number not in found:
            addresses = (i.address for i in block.block.instructions)
            found[block.number] = dict(zip(addresses, block_text(block.block), strict=True))
    return found


def _row(merged: _Merged, texts: dict[int, str], places: Places) -> Instruction:
    decoded = merged.decoded
    place = places.at(decoded.address)
    return Instruction(
        decoded.address,
        decoded.size_bytes,
        " ".join(texts[decoded.address].split()),
        place.function,
        place.file,
        place.line,
        merged.count,
        {(key.cause.value, key.waiting): cycles for key, cycles in merged.stack.items()},
        place.inlined,
    )


def jumps_of(
    passed: CountDifference,
    plans: Plans,
    calls: Collection[tuple[int, int]],
    table_jumps: Mapping[tuple[int, int], int],
) -> tuple[Jump, ...]:
    """Branches taken to the place that the instruction names, but for those that are ``calls``.

    Exact: how often a block was left other than by falling through is counted. ``table_jumps``: those
    within a function whose place is in a register or a table.
    """
    counts = {jump: count for jump, count in table_jumps.items() if count}
    for (_state, number, _skipped), edges in passed.paths.items():
        plan = plans[number]
        taken = sum(edges[1:])
        if plan.leaving == LEAVES_JUMP and taken and (plan.site, plan.target) not in calls:
            counts[plan.site, plan.target] = counts.get((plan.site, plan.target), 0) + taken
    return tuple(Jump(site, target, "jump", count) for (site, target), count in sorted(counts.items()))
