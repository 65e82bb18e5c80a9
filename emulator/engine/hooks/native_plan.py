"""A block's plan as the native hook takes it: the structures of events.h and expressions.h."""

from __future__ import annotations

import ctypes as c
import struct
from typing import Any, ClassVar, NamedTuple

from emulator.engine.events import BlockPlan


class _Event(c.Structure):
    _fields_ = [("address", c.c_uint32), ("instruction", c.c_uint16)] + [
        (n, c.c_uint8) for n in ("kind", "base", "index", "shift", "size_bytes", "count")
    ]  # fmt: skip


class _Group(c.Structure):
    _fields_ = [
        ("min_offset", c.c_int32), ("max_offset", c.c_int32), ("align_mask", c.c_uint32),
        ("base", c.c_uint8), ("index", c.c_uint8), ("shift", c.c_uint8), ("aligned", c.c_uint8),
        ("first", c.c_uint16), ("n", c.c_uint16), ("region", c.c_uint32),
        ("strict_mask", c.c_uint32), ("strict_offset", c.c_uint32),
        ("stride", c.c_int32), ("has_stride", c.c_uint16), ("stride_register", c.c_uint16),
    ]  # fmt: skip


class _Node(c.Structure):
    _fields_ = [
        ("op", c.c_uint8),
        ("a", c.c_uint8),
        ("b", c.c_uint8),
        ("pad", c.c_uint8),
        ("imm", c.c_uint32),
    ]


class _Hooked(c.Structure):
    _fields_ = [("address", c.c_uint32), ("event", c.c_uint16)] + [
        (n, c.c_uint8) for n in ("kind", "dividend", "divisor", "base", "index", "shift")
    ] + [("offset", c.c_int32), ("strict_mask", c.c_uint32)]  # fmt: skip


class _BlockPlan(c.Structure):
    _fields_: ClassVar[Any] = [
        (n, c.c_uint32)
        for n in ("address", "size_bytes", "instructions", "entry_class", "observed_all",
                  "n_events", "n_groups", "n_group_events", "n_hooked", "n_program",
                  "leaving", "site", "target")
    ] + [(n, c.c_char_p) for n in ("events", "groups", "group_events", "hooked", "program")]  # fmt: skip


class PackedPlan(NamedTuple):
    """A block's plan as C has it: its numbers, and its arrays as bytes, in the order of events.h."""

    numbers: tuple[int, ...]
    events: bytes
    groups: bytes
    group_events: bytes
    hooked: bytes
    program: bytes

    @property
    def n_events(self) -> int:
        """How many events it has."""
        return len(self.events) // EVENT_BYTES

    def with_slot(self, event: int, slot: int) -> PackedPlan:
        """The same with the branch of an event at another place of the predictor's table."""
        events = bytearray(self.events)
        ADDRESS.pack_into(events, event * EVENT_BYTES, slot)
        return self._replace(events=bytes(events))

    def described(self) -> c.Structure:
        """The plan for C, which copies what it points to."""
        return _BlockPlan(*self.numbers, *self[1:])


BLOCK_PLAN = struct.Struct("@13I5P")
"""``_BlockPlan``."""
COUNT_OF_NUMBERS, COUNTS_AT = 13, 5
EVENT_BYTES, GROUP_BYTES, MEMBER_BYTES = c.sizeof(_Event), c.sizeof(_Group), c.sizeof(c.c_uint16)
HOOKED_BYTES, NODE_BYTES = c.sizeof(_Hooked), c.sizeof(_Node)
ADDRESS = struct.Struct("=I")


def packed(plan: BlockPlan) -> PackedPlan:
    """The plan in C's form."""
    events = [
        _Event(e.address, e.instruction, e.kind, e.base, e.index, e.shift, e.size_bytes, e.count)
        for e in plan.events
    ]
    members: list[int] = []
    groups = []
    for g in plan.groups:
        limits = (g.min_offset, g.max_offset, g.align_mask)
        place = (len(members), len(g.events), 0)
        strict = (g.strict_mask, g.strict_offset)
        stride = (g.stride or 0, g.stride is not None, g.stride_register)
        groups.append(_Group(*limits, g.base, g.index, g.shift, g.aligned, *place, *strict, *stride))
        members += g.events
    hooked = [
        _Hooked(
            h.address,
            h.event,
            h.kind,
            h.dividend,
            h.divisor,
            h.base,
            h.index,
            h.shift,
            h.offset,
            h.strict_mask,
        )
        for h in plan.hooked
    ]  # fmt: skip
    program = [_Node(n.op, n.a, n.b, 0, n.imm) for n in plan.program]
    block = plan.block
    numbers = (
        block.address, block.size_bytes, len(block.instructions), plan.entry_class,
        (1 << len(plan.observed)) - 1, len(events), len(groups), len(members), len(hooked), len(program),
        plan.leaving, plan.site, plan.target,
    )  # fmt: skip
    return PackedPlan(
        numbers,
        bytes((_Event * len(events))(*events)),
        bytes((_Group * len(groups))(*groups)),
        bytes((c.c_uint16 * len(members))(*members)),
        bytes((_Hooked * len(hooked))(*hooked)),
        bytes((_Node * len(program))(*program)),
    )


def pointed_plan(pointer: int) -> PackedPlan:
    """A plan of C's, copied."""
    found = BLOCK_PLAN.unpack(c.string_at(pointer, BLOCK_PLAN.size))
    numbers, (events, groups, members, hooked, program) = found[:COUNT_OF_NUMBERS], found[COUNT_OF_NUMBERS:]
    n_events, n_groups, n_members, n_hooked, n_program = numbers[COUNTS_AT : COUNTS_AT + 5]
    return PackedPlan(
        numbers,
        c.string_at(events, n_events * EVENT_BYTES),
        c.string_at(groups, n_groups * GROUP_BYTES),
        c.string_at(members, n_members * MEMBER_BYTES),
        c.string_at(hooked, n_hooked * HOOKED_BYTES) if n_hooked else b"",
        c.string_at(program, n_program * NODE_BYTES) if n_program else b"",
    )
