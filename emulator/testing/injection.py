"""Faults on purpose, at once or at a cycle: flipped bits, a brown-out, an interrupt from nowhere."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from emulator.device import POWER_ON
from emulator.engine.core import REGISTER_IDS
from emulator.errors import UsageError
from emulator.machine.machine import Machine
from emulator.machine.register_save import THUMB_BIT
from emulator.system.exception_table import EXCEPTION_NAMES, FIRST_EXTERNAL
from emulator.system.nvic import ISPR
from emulator.system.scb import ICSR, ICSR_SET

BYTE_BITS, WORD_BITS = 8, 32
STEERING = ("pc", "xpsr")
"""A change of these makes the pipeline begin anew."""
HELD = {
    **dict.fromkeys(("sp", "msp", "psp"), range(2, WORD_BITS)),
    **{"pc": range(1, WORD_BITS), "xpsr": range(27, WORD_BITS), "basepri": range(BYTE_BITS)},
    **dict.fromkeys(("primask", "faultmask"), range(1)),
    **dict.fromkeys(("ipsr", "control", "fpscr"), range(0)),
}
"""Bits of registers that don't hold all 32; none of what is no storage, or says how code runs."""
BY_SYSTEM = {EXCEPTION_NAMES[number]: 1 << bit for bit, number in ICSR_SET.items()}
"""Bits of ICSR that pend NMI, PendSV and SysTick."""


@dataclass(frozen=True, slots=True)
class _Planned:
    at_cycles: int
    words: str
    act: Callable[[], None]


class Injector:
    """Of one machine. A fault comes before the first block that begins at its cycle or later."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._planned: list[_Planned] = []
        self._deadline = machine.clock.deadline("injected faults", self._due)
        self.done: list[str] = []
        """What has been injected since the test began, in words."""

    def flip_memory(self, address: int, bit: int, at_cycles: int | None) -> None:
        """Flip bit ``bit``, counted from the lowest of the byte at ``address`` on upwards."""
        byte, mask = address + bit // BYTE_BITS, 1 << bit % BYTE_BITS
        if bit < 0 or self._machine.core.memory_at(byte) is None:
            raise UsageError(
                f"there is no memory at 0x{byte:08x}", next_step="give a variable's name or address"
            )

        def flip() -> None:
            self._machine.write_memory(byte, bytes((self._machine.read_memory(byte, 1)[0] ^ mask,)))

        self._inject(at_cycles, f"bit {bit % BYTE_BITS} of the byte at 0x{byte:08x} flipped", flip)

    def flip_register(self, name: str, bit: int, at_cycles: int | None) -> None:
        """Flip a bit of a core register: r0 to r12, sp, lr, pc, xpsr, s0 ... Raises UsageError."""
        machine = self._machine
        held = _held_bits(name, has_fpu=machine.core.has_fpu)
        if not held:
            raise UsageError(
                f"there is no register {name!r} to flip a bit of",
                next_step="r0 to r12, sp, lr, pc, xpsr, s0 ...",
            )
        if bit not in held:
            raise UsageError(
                f"{name} holds no bit {bit} to flip", next_step=f"its bits are {held[0]} to {held[-1]}"
            )

        def flip() -> None:
            value = machine.core.get(name) ^ 1 << bit
            machine.core.set(name, value | THUMB_BIT if name == "pc" else value)
            if name in STEERING:
                machine.engine.restart_pipeline()

        self._inject(at_cycles, f"bit {bit} of {name} flipped", flip)

    def brown_out(self, at_cycles: int | None, *, loses_memory: bool, seed: int) -> None:
        """The supply dips: a power-on reset; what RAM held is kept, or lost."""

        def dip() -> None:
            if loses_memory:
                self._lose_memory(seed)
            self._machine.request_reset("brown-out", POWER_ON)

        lost = ", RAM lost" if loses_memory else ""
        self._inject(at_cycles, f"brown-out{lost}", dip)

    def interrupt(self, which: int | str, at_cycles: int | None) -> None:
        """Pend an interrupt: its number, its handler's name, or one of BY_SYSTEM. Raises UsageError."""
        system = self._machine.system
        if isinstance(which, str) and which in BY_SYSTEM:
            mask = BY_SYSTEM[which]
            self._inject(at_cycles, f"{which} pended", lambda: system.write(ICSR, 4, mask))
            return
        number = self._number_of(which) if isinstance(which, str) else which
        if not 0 <= number < self._machine.board.interrupts:
            raise UsageError(
                f"{self._machine.board.name} has no interrupt {number}",
                next_step=f"0 to {self._machine.board.interrupts - 1}",
            )
        address, mask = ISPR + 4 * (number // WORD_BITS), 1 << number % WORD_BITS
        self._inject(at_cycles, f"interrupt {number} pended", lambda: system.write(address, 4, mask))

    def forget(self) -> None:
        """Nothing is planned any more, and nothing has been done."""
        self._planned.clear()
        self._deadline.disarm()
        self.done = []

    # -- inside ------------------------------------------------------------------------------
    def _inject(self, at_cycles: int | None, words: str, act: Callable[[], None]) -> None:
        now = self._machine.counts.cycles
        planned = _Planned(now if at_cycles is None else at_cycles, words, act)
        if at_cycles is None:
            self._do(planned)
            return
        if at_cycles < now:
            raise UsageError(f"cycle {at_cycles:,} is over: it is cycle {now:,}", next_step="plan it before")
        self._planned.append(planned)
        self._arm()

    def _due(self) -> None:
        now = self._machine.counts.cycles
        due = [planned for planned in self._planned if planned.at_cycles <= now]
        self._planned = [planned for planned in self._planned if planned.at_cycles > now]
        for planned in sorted(due, key=lambda planned: planned.at_cycles):
            self._do(planned)
        self._arm()

    def _arm(self) -> None:
        if self._planned:
            self._deadline.arm(min(planned.at_cycles for planned in self._planned))

    def _do(self, planned: _Planned) -> None:
        self.done.append(
            f"cycle {self._machine.counts.cycles:,}: {planned.words}, at {self._machine.where()}"
        )
        planned.act()

    def _lose_memory(self, seed: int) -> None:
        source = random.Random(seed)
        for memory in self._machine.core.memories:
            if memory.region.kind == "ram" and not memory.region.alias_of:
                self._machine.write_memory(memory.region.base, source.randbytes(len(memory.view)))

    def _number_of(self, handler: str) -> int:
        """The interrupt whose vector is this function."""
        machine = self._machine
        address = machine.symbol(handler).address
        for table in {machine.system.scb.vector_table, machine.board.vector_table}:
            for number in range(machine.board.interrupts):
                place = table + 4 * (FIRST_EXTERNAL + number)
                if machine.core.memory_at(place) is None:
                    break
                if int.from_bytes(machine.read_memory(place, 4), "little") & ~THUMB_BIT == address:
                    return number
        raise UsageError(f"{handler} is no interrupt's handler", next_step="give the interrupt's number")


def _held_bits(name: str, *, has_fpu: bool) -> range:
    is_float = name[:1] == "s" and name[1:].isdigit()
    if name not in REGISTER_IDS or (is_float and not has_fpu):
        return range(0)
    return HELD.get(name, range(WORD_BITS))
