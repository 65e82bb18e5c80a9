"""What a hook must watch in a block: fetches, data addresses, operands. Twin: events.h.

Most loads and stores in a block go to *entry register + constant*, and most others to a
little arithmetic over entry registers and spilled pointers: the hook computes both at the
block's entry (``Group``, ``BlockPlan.program``). What the entry can't decide (an
instruction under an IT condition, the operands of a division, a value that is not
followed) is read by a code hook at that very instruction (``Hooked``).
:mod:`emulator.engine.planner` makes them.
"""

from __future__ import annotations

import msgspec

from emulator.engine.expressions import Node
from emulator.thumb.instruction import Block
from emulator.timing.memory.port import FETCH, LOAD, STORE

NO_REGISTER = 255
FIRST_SLOT = 32
MAX_SLOTS = 192
"""A group's base from FIRST_SLOT on is a value that the block's program computes."""
EVENT_FETCH, EVENT_LOAD, EVENT_STORE, EVENT_EXTRA, EVENT_BRANCH, EVENT_QUEUE = FETCH, LOAD, STORE, 3, 4, 5
BRANCH_DIRECT, BRANCH_INDIRECT = 1, 2
"""What a branch event's ``count`` says."""
LEAVES_NOTHING, LEAVES_CALL, LEAVES_RETURN, LEAVES_REGISTER, LEAVES_TABLE, LEAVES_JUMP = range(6)
"""How a block may be left to another function: by a call; a return; a jump through a register, through
a table, or to a place that the instruction names."""
NO_TARGET = 0xFFFFFFFF
HOOK_ADDRESS, HOOK_DIVIDE_SIGNED, HOOK_DIVIDE_UNSIGNED, HOOK_OBSERVED, HOOK_GUARDED, HOOK_ELEMENT = range(6)
"""The last: one datum of a gather, scatter or interleaving access, of the interpreter's; ``offset`` is its
number."""
MASK32 = 0xFFFFFFFF


class Event(msgspec.Struct, frozen=True, gc=False):
    """One thing that the memory system or the divider prices, in program order.

    ``address``: a fetch's address, a datum's offset to its base (modulo 2**32), or the slot of a
    predicted branch, which is the last event; its ``shift`` is 1 when it leads backward; of a branch
    that leaves the prefetch queue, the address behind it. ``lag``: cycles from the instruction's issue
    to the access, where fetches and data share a bus.
    """

    kind: int
    instruction: int
    address: int
    base: int = NO_REGISTER
    index: int = NO_REGISTER
    shift: int = 0
    size_bytes: int = 0
    count: int = 0
    lag: int = 0


class Group(msgspec.Struct, frozen=True, gc=False):
    """Data events that share their entry registers; offsets are signed bytes.

    One of them may trap where ``(base + strict_offset) & strict_mask`` is not 0. ``stride``: how far the
    base is behind the block from where it was before, None where that is not told by the block alone;
    ``stride_register``: a register that is added to that, and that the block leaves as it is.
    """

    base: int
    index: int
    shift: int
    min_offset: int
    max_offset: int
    align_mask: int
    aligned: bool
    events: tuple[int, ...]
    strict_mask: int = 0
    strict_offset: int = 0
    stride: int | None = None
    stride_register: int = NO_REGISTER


class LoadPair(msgspec.Struct, frozen=True, gc=False):
    """Two loads of one cycle, one of each group; a bank conflict is charged to ``event``.

    They meet the same bank of words when the groups' bases differ in bit 2 as the loads'
    offsets do (``offsets_differ``); a base that is no multiple of 4 is left out.
    """

    older: int
    younger: int
    offsets_differ: bool
    event: int


class Hooked(msgspec.Struct, frozen=True, gc=False):
    """What a code hook at ``address`` reads, and the event (or observed bit) that it feeds.

    ``strict_mask``: bits of the datum's address that trap when they are not 0.
    """

    address: int
    kind: int
    event: int
    base: int = NO_REGISTER
    index: int = NO_REGISTER
    shift: int = 0
    offset: int = 0
    dividend: int = NO_REGISTER
    divisor: int = NO_REGISTER
    strict_mask: int = 0


class BlockPlan(msgspec.Struct):
    """A block with its events; ``observed``: instruction indices whose condition counts.

    ``leaving``: how its last instruction, at ``site``, may lead to another function; ``target``: where
    a ``LEAVES_JUMP`` goes. ``is_whole``: every address is found, at the entry or by a hook.
    """

    block: Block
    entry_class: int
    events: tuple[Event, ...] = ()
    groups: tuple[Group, ...] = ()
    hooked: tuple[Hooked, ...] = ()
    observed: tuple[int, ...] = ()
    program: tuple[Node, ...] = ()
    hook_addresses: tuple[int, ...] = ()
    leaving: int = LEAVES_NOTHING
    site: int = 0
    target: int = NO_TARGET
    is_whole: bool = True
