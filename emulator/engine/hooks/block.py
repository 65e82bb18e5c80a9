"""What the hook keeps of a block: its plan, and what its events have added up. Twin: block.h."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.engine.events import HOOK_ADDRESS, HOOK_GUARDED, BlockPlan


@dataclass(slots=True)
class Block:
    """``code``: its bytes when it was planned; ``host_pointer``: where to compare them, or 0.

    Stalls by event: all of them, and those parts that come from unaligned data and from going to
    another memory than the datum before.
    """

    index: int
    plan: BlockPlan
    host_pointer: int
    code: bytes
    hooks_addresses: bool = False
    permitted: int = 0  # the maps under which it may be executed, a bit each
    watches_guards: bool = False  # accesses that may meet a guard are looked at one by one
    watches_alignment: bool = False  # accesses that may trap are looked at one by one
    leaves: int = 0  # what leaving it may mean to the call contexts: contexts.py
    event_stall: list[int] = field(default_factory=list)
    event_unaligned: list[int] = field(default_factory=list)
    event_bus: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The address behind it, where it falls through to."""
        return self.plan.block.end


def block_new(index: int, plan: BlockPlan, host_pointer: int, code: bytes) -> Block:
    """A block that nothing has happened in yet."""
    block = Block(index, plan, host_pointer, code)
    block.watches_guards = any(h.kind == HOOK_GUARDED for h in plan.hooked)
    block.hooks_addresses = any(h.kind == HOOK_ADDRESS for h in plan.hooked)
    block.event_stall, block.event_unaligned, block.event_bus = ([0] * len(plan.events) for _ in range(3))
    return block
