"""What the system side (NVIC, exceptions, faults) needs of a processor core.

The engine's Unicorn class implements this; tests use a plain dictionary-backed one.
"""

from __future__ import annotations

from typing import Protocol

from emulator.device import NothingAnswers


class CoreRegisters(Protocol):
    """Registers and memory of a stopped core (between two blocks).

    Register names are ``"r0"``..``"r12"``, ``"sp"``, ``"lr"``, ``"pc"``, ``"xpsr"``,
    ``"msp"``, ``"psp"``, ``"ipsr"``, ``"primask"``, ``"basepri"``, ``"faultmask"``,
    ``"control"``, ``"fpscr"``, ``"s0"``..``"s31"``, on ARMv8-M ``"msplim"`` and ``"psplim"``.
    ``"sp"`` is the active stack pointer.

    ``"xpsr"`` is whole in both directions: flags, Q, GE, IT, T and the exception number;
    a write of ``"ipsr"``, or of ``"xpsr"`` with another number, changes the mode and with
    it the stack pointer at hand. ``"control"`` has bits 2:0 only (nPRIV, SPSEL, FPCA); an
    unprivileged thread may not write it, nor read or write the banked stack pointers and
    the masks, and SPSEL need not change in handler mode: :mod:`emulator.system.stack_frame`
    orders its writes accordingly.
    """

    has_fpu: bool

    def get(self, name: str) -> int:
        """Read a register."""

    def set(self, name: str, value: int) -> None:
        """Write a register."""

    def get_many(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Read several registers at once (fast)."""

    def set_many(self, names: tuple[str, ...], values: tuple[int, ...]) -> None:
        """Write several registers at once, in the given order (fast)."""

    def clear_exclusive_monitor(self) -> None:
        """Make the next STREX fail, as CLREX does."""

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Read memory; raises :class:`MemoryFault` where nothing answers."""

    def write_memory(self, address: int, data: bytes) -> None:
        """Write memory; raises :class:`MemoryFault` where nothing answers."""


class MemoryFault(NothingAnswers):
    """An access that no region or device answers (stacking onto a bad SP, say)."""

    detail = ""
    by_protection = by_limit = False

    def __init__(self, address: int, *, is_store: bool) -> None:
        self.address = address
        self.is_store = is_store
        super().__init__(f"{'write' if is_store else 'read'} at 0x{address:08x}")


class ProtectionFault(MemoryFault):
    """An access that the MPU refuses. ``detail``: who refuses it, in words."""

    by_protection = True

    def __init__(self, address: int, *, is_store: bool, detail: str) -> None:
        self.detail = detail
        super().__init__(address, is_store=is_store)


class StackLimitFault(MemoryFault):
    """A frame below the limit of its stack; nothing of it is written."""

    by_limit = True
