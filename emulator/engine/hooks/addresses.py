"""Where the current block's data lie, and what its operands cost. Twin: addresses.h.

Most addresses are found at the block's entry, from its registers; those of watched instructions,
and divisions' operands, when the core gets there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emulator.engine.core import GENERAL, REGISTER_IDS, Core
from emulator.engine.events import (
    FIRST_SLOT,
    HOOK_ADDRESS,
    HOOK_DIVIDE_SIGNED,
    HOOK_GUARDED,
    MASK32,
    NO_REGISTER,
    Group,
    Hooked,
)
from emulator.engine.hooks.address_program import run_program
from emulator.engine.hooks.block import Block
from emulator.timing.divider import divide_extra
from emulator.timing.memory.memory_system import MemorySystem
from emulator.timing.model import DivideTiming

GENERAL_IDS = tuple(REGISTER_IDS[name] for name in GENERAL)


class Addresses:
    """``of_event``: the address of each data event that may cost something, or a division's extra cycles.

    ``bases``: of the block's groups, None where it is not known.
    """

    def __init__(self, memory: MemorySystem) -> None:
        self._memory = memory
        self.divide = DivideTiming()
        self.of_event: dict[int, int] = {}
        self.bases: list[int | None] = []
        self.misaligned = False  # a group's access may trap
        self.guards: tuple[tuple[int, int], ...] = ()  # (first, last) bytes that an MPU keeps
        self.suspect: Callable[[int], None] = lambda _address: None

    def attach(self, core: Core) -> None:
        """Read registers and memory of this core."""
        self._core = core

    def read_register(self, n: int) -> int:
        """One of r0..r15."""
        return int(self._core.uc.reg_read(GENERAL_IDS[n]))

    def load_host(self, address: int, size_bytes: int) -> bytes | None:
        """Bytes of a memory; None where there is none."""
        return self._core.held_at(address, size_bytes)

    def group_base(self, group: Group, slots: Sequence[int | None]) -> int | None:
        """What a group's offsets are added to."""
        base: int | None = 0
        if group.base < FIRST_SLOT:
            base = self.read_register(group.base)
        elif group.base != NO_REGISTER:
            base = slots[group.base - FIRST_SLOT]
        if base is None or group.index == NO_REGISTER:
            return base
        return (base + (self.read_register(group.index) << group.shift)) & MASK32

    def capture(self, block: Block) -> None:
        """At a block's entry: find the addresses of its data, where they can cost anything.

        When data go to another memory than the last, or to one where loads wait, every access counts, in
        its order.
        """
        plan, memory = block.plan, self._memory
        slots = run_program(plan.program, self.read_register, self.load_host) if plan.program else []
        self.bases = [self.group_base(group, slots) for group in plan.groups]
        self.misaligned = any(
            base is not None and (base + group.strict_offset) & group.strict_mask
            for group, base in zip(plan.groups, self.bases, strict=True)
        )
        stays, free = not block.hooks_addresses, []
        for group, base in zip(plan.groups, self.bases, strict=True):
            if base is None:
                free.append(False)
                continue
            first = (base + group.min_offset) & MASK32
            region = memory.region_at(first)
            inside = region is not None and (base + group.max_offset) & MASK32 < region.end
            if (
                not inside
                or (memory.other_memory and memory.memory_number(first) != memory.last_memory)
                or (memory.other_memory and region is not None and region.first_load)
            ):
                stays = False
            aligned = group.aligned and not base & group.align_mask
            free.append(aligned and (region is None or (region.free and inside)))
        in_order = bool(memory.other_memory) and not stays
        for group, base, is_free in zip(plan.groups, self.bases, free, strict=True):
            if base is None or (is_free and not in_order):
                continue
            for number in group.events:
                self.of_event[number] = (base + plan.events[number].address) & MASK32

    def in_guard(self, first: int, n_bytes: int) -> bool:
        """Whether one of these bytes is a guard's."""
        return any(
            (guard - first) & MASK32 < n_bytes or (first - guard) & MASK32 <= last - guard
            for guard, last in self.guards
        )

    def group_meets_guard(self, block: Block, group: Group, base: int) -> bool:
        """Whether an access of the group does."""
        if not self.in_guard((base + group.min_offset) & MASK32, group.max_offset - group.min_offset + 1):
            return False
        events = (block.plan.events[number] for number in group.events)
        return any(self.in_guard((base + e.address) & MASK32, e.size_bytes * e.count) for e in events)

    def meets_guard(self, block: Block) -> bool:
        """Whether an access of the block may: one that its entry tells of, or one that it does not."""
        return (
            bool(self.guards)
            and not block.watches_guards
            and any(
                base is None or self.group_meets_guard(block, group, base)
                for group, base in zip(block.plan.groups, self.bases, strict=True)
            )
        )

    def read_operands(self, block: Block, hooked: Hooked) -> None:
        """At a watched instruction: its address, or what its division costs."""
        if hooked.kind in (HOOK_ADDRESS, HOOK_GUARDED):
            base = 0 if hooked.base == NO_REGISTER else self.read_register(hooked.base)
            if hooked.index != NO_REGISTER:
                base += self.read_register(hooked.index) << hooked.shift
            event, address = block.plan.events[hooked.event], (base + hooked.offset) & MASK32
            if address & hooked.strict_mask or self.in_guard(address, event.size_bytes * event.count):
                self.suspect(hooked.address)
            if hooked.kind == HOOK_ADDRESS:
                self.of_event[hooked.event] = address
        else:
            dividend, divisor = self.read_register(hooked.dividend), self.read_register(hooked.divisor)
            if not divisor:
                self.suspect(hooked.address)
            self.of_event[hooked.event] = divide_extra(
                self.divide, dividend, divisor, signed=hooked.kind == HOOK_DIVIDE_SIGNED
            )
