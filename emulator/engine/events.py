"""From a decoded block to what the hook must watch: fetches, data addresses, operands.

Most loads and stores in a block go to *entry register + constant*, so the hook computes
them at the block's entry from a few registers (``Group``). What the entry alone can't
decide (a pointer loaded in the block, an instruction under an IT condition, the operands
of a division) is read by a code hook at that very instruction (``Hooked``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from emulator.engine.symbolic import FIRST_SYMBOL, Registers
from emulator.thumb.instruction import Block, Instruction, Kind

NO_REGISTER = 255
EVENT_FETCH, EVENT_LOAD, EVENT_STORE, EVENT_EXTRA = range(4)
HOOK_ADDRESS, HOOK_DIVIDE_SIGNED, HOOK_DIVIDE_UNSIGNED, HOOK_OBSERVED = range(4)
MASK32 = 0xFFFFFFFF


class Event(NamedTuple):
    """One thing that the memory system or the divider prices, in program order.

    ``address``: a fetch's address, or a datum's offset to its base (modulo 2**32).
    """

    kind: int
    instruction: int
    address: int
    base: int = NO_REGISTER
    index: int = NO_REGISTER
    shift: int = 0
    size_bytes: int = 0
    count: int = 0


class Group(NamedTuple):
    """Data events that share their entry registers; offsets are signed bytes."""

    base: int
    index: int
    shift: int
    min_offset: int
    max_offset: int
    align_mask: int
    aligned: bool
    events: tuple[int, ...]


class Hooked(NamedTuple):
    """What a code hook at ``address`` reads, and the event (or observed bit) that it feeds."""

    address: int
    kind: int
    event: int
    base: int = NO_REGISTER
    index: int = NO_REGISTER
    shift: int = 0
    offset: int = 0
    dividend: int = NO_REGISTER
    divisor: int = NO_REGISTER


@dataclass(slots=True)
class BlockPlan:
    """A block with its events; ``observed``: instruction indices whose condition counts."""

    block: Block
    entry_class: int
    events: tuple[Event, ...] = ()
    groups: tuple[Group, ...] = ()
    hooked: tuple[Hooked, ...] = ()
    observed: tuple[int, ...] = ()
    hook_addresses: tuple[int, ...] = field(default=())


def plan_block(
    block: Block,
    *,
    entry_class: int,
    observed: Sequence[int],
    fetch_shift: int | None,
    watch_data: bool,
    watch_divides: bool,
) -> BlockPlan:
    """Plan the events of ``block``.

    ``fetch_shift``: log2 of the bytes that one instruction read brings, None where
    fetching is free. ``watch_data``: data addresses matter (alignment, caches).
    """
    events: list[Event] = []
    hooked: list[Hooked] = []
    affine: dict[tuple[int, int, int], list[int]] = {}
    registers = Registers()
    anchors: dict[int, tuple[int, int, int]] = {}  # symbol: where it is read, the register, its constant there
    fetched = -1
    for position, instruction in enumerate(block.instructions):
        if fetch_shift is not None:
            last = (instruction.end - 1) >> fetch_shift
            for unit in range(max(fetched + 1, instruction.address >> fetch_shift), last + 1):
                events.append(Event(EVENT_FETCH, position, max(unit << fetch_shift, block.address)))
            fetched = last
        if watch_data and instruction.memory is not None:
            _plan_data(instruction, position, registers, events, affine, anchors, hooked)
        if watch_divides and instruction.kind is Kind.DIVIDE:
            _plan_divide(instruction, position, events, hooked)
        registers.execute(instruction)
    kept = tuple(observed[:32])
    for bit, position in enumerate(kept):
        hooked.append(Hooked(block.instructions[position].address, HOOK_OBSERVED, bit))
    hooked.sort(key=lambda h: h.address)
    return BlockPlan(
        block,
        entry_class,
        tuple(events),
        tuple(_group(key, members, events) for key, members in affine.items()),
        tuple(hooked),
        kept,
        tuple(sorted({h.address for h in hooked})),
    )


def _plan_data(
    instruction: Instruction,
    position: int,
    registers: Registers,
    events: list[Event],
    affine: dict[tuple[int, int, int], list[int]],
    anchors: dict[int, tuple[int, int, int]],
    hooked: list[Hooked],
) -> None:
    access = instruction.memory
    assert access is not None
    kind = EVENT_STORE if access.is_store else EVENT_LOAD
    number = len(events)
    known = None if instruction.condition is not None else registers.address_of(instruction, access)
    if known is not None and known.base < FIRST_SYMBOL and known.index < FIRST_SYMBOL:
        base, index, shift, offset = known
        events.append(
            Event(kind, position, offset & MASK32, base, index, shift, access.size_bytes, access.count)
        )
        affine.setdefault((base, index, shift), []).append(number)
        return
    events.append(Event(kind, position, 0, size_bytes=access.size_bytes, count=access.count))
    if known is not None and known.index == NO_REGISTER and access.index is None:
        anchor = anchors.setdefault(known.base, (instruction.address, access.base, known.constant - access.offset))
        delta = _signed(known.constant - anchor[2])
        hooked.append(Hooked(anchor[0], HOOK_ADDRESS, number, anchor[1], offset=delta))
        return
    base, offset = access.base, access.offset
    if base == 15:
        base, offset = NO_REGISTER, ((instruction.address + 4) & ~3) + offset
    index = NO_REGISTER if access.index is None else access.index
    hooked.append(
        Hooked(instruction.address, HOOK_ADDRESS, number, base, index, access.shift, _signed(offset))
    )


def _plan_divide(instruction: Instruction, position: int, events: list[Event], hooked: list[Hooked]) -> None:
    signed = (instruction.opcode >> 20) & 0xFFF == 0xFB9
    hooked.append(
        Hooked(
            instruction.address,
            HOOK_DIVIDE_SIGNED if signed else HOOK_DIVIDE_UNSIGNED,
            len(events),
            dividend=(instruction.opcode >> 16) & 15,
            divisor=instruction.opcode & 15,
        )
    )
    events.append(Event(EVENT_EXTRA, position, 0))


def _signed(value: int) -> int:
    value &= MASK32
    return value - (1 << 32) if value & 0x80000000 else value


def _group(key: tuple[int, int, int], members: list[int], events: list[Event]) -> Group:
    chosen = [events[number] for number in members]
    offsets = [_signed(e.address) for e in chosen]
    return Group(
        *key,
        min_offset=min(offsets),
        max_offset=max(o + e.size_bytes * e.count - 1 for o, e in zip(offsets, chosen, strict=True)),
        align_mask=max(min(e.size_bytes, 4) for e in chosen) - 1,
        aligned=all(o % min(e.size_bytes, 4) == 0 for o, e in zip(offsets, chosen, strict=True)),
        events=tuple(members),
    )
