"""Inter-processor communication of PSoC 6 (TRM, chapter "IPC"), and what the boot core answers.

Modelled: locks with acquire, release and notify; interrupt structures with their lines. The
Cortex-M0+ is not emulated; its part is answered here: a system call through structure 1 is
finished at once. Silicon ID calls succeed; all others are reported and answered with the
status "invalid command", so that firmware that programs flash hears of it.
"""

from __future__ import annotations

from peripherals.infineon.interrupt_rows import interrupt_rows
from peripherals.parts.banked import BankedDevice
from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.register_device import ALL_BITS, Register, read_only

STRUCTURES = range(16)
STRIDE, INTERRUPTS_AT = 0x20, 0x1000
ACQUIRED = 1 << 31
CM4_MASTER = 14 << 8
SYSTEM_CALL_STRUCTURE, SYSTEM_CALL_INTERRUPT = 1, 1 << 0
IN_DATA_REGISTER = 1 << 0
SILICON_ID = 0x00
SUCCESS, INVALID_COMMAND = 0xA0000000, 0xF00000A3


def _lock_rows(i: int) -> tuple[Register, ...]:
    base = STRIDE * i
    return (
        read_only(base, f"STRUCT{i}_ACQUIRE", on_read="acquire"),
        Register(base + 0x04, f"STRUCT{i}_RELEASE", writable=0, on_write="release"),
        Register(base + 0x08, f"STRUCT{i}_NOTIFY", writable=0, on_write="notify"),
        Register(base + 0x0C, f"STRUCT{i}_DATA0"),
        Register(base + 0x10, f"STRUCT{i}_DATA1"),
        read_only(base + 0x1C, f"STRUCT{i}_LOCK_STATUS"),
    )


class Ipc(InterruptDevice, BankedDevice):
    """Locks and notifications. Interrupt lines ``ipc0`` to ``ipc15``."""

    REGISTERS = (
        *(row for i in STRUCTURES for row in _lock_rows(i)),
        *(
            r
            for i in STRUCTURES
            for r in interrupt_rows(INTERRUPTS_AT + STRIDE * i, f"INTR{i}_INTR", ALL_BITS)
        ),
    )
    INTERRUPTS = tuple(Interrupt(f"ipc{i}", f"INTR{i}_INTR", f"INTR{i}_INTR_MASK") for i in STRUCTURES)
    size_bytes = 0x2000

    def bank_of(self, offset: int) -> int:
        """Number of a structure, of either kind."""
        return offset % INTERRUPTS_AT // STRIDE

    # -- locks -----------------------------------------------------------------------------
    def acquire(self) -> int:
        """ACQUIRE: the read that takes a free lock sees success."""
        status = f"STRUCT{self.bank}_LOCK_STATUS"
        if self.values[status] & ACQUIRED:
            return 0
        self.context.consumed()
        self.values[status] = ACQUIRED | CM4_MASTER
        return ACQUIRED | CM4_MASTER

    def release(self, written: int, _old: int) -> None:
        """RELEASE: free the lock, tell who wants to hear."""
        self._free(self.bank, written & 0xFFFF)

    def notify(self, written: int, _old: int) -> None:
        """NOTIFY: tell the other core; a system call is answered at once."""
        number = self.bank
        if self.values[f"STRUCT{number}_LOCK_STATUS"] & ACQUIRED:
            self._raise_interrupts(written & 0xFFFF, 1 << 16 + number)
            if number == SYSTEM_CALL_STRUCTURE and written & SYSTEM_CALL_INTERRUPT:
                self._system_call()

    # -- inside ----------------------------------------------------------------------------
    def _free(self, number: int, interrupts: int) -> None:
        if self.values[f"STRUCT{number}_LOCK_STATUS"] & ACQUIRED:
            self.values[f"STRUCT{number}_LOCK_STATUS"] = 0
            self._raise_interrupts(interrupts, 1 << number)

    def _raise_interrupts(self, interrupts: int, cause: int) -> None:
        for i in STRUCTURES:
            if interrupts >> i & 1:
                self.set_bits(f"INTR{i}_INTR", cause)

    def _system_call(self) -> None:
        """Do the boot core's part: a call in the data register, or behind a pointer."""
        register = f"STRUCT{SYSTEM_CALL_STRUCTURE}_DATA0"
        data = self.values[register]
        in_register = bool(data & IN_DATA_REGISTER)
        opcode = (data if in_register else self.context.memory.read(data, 4)) >> 24
        if opcode == SILICON_ID:
            status = SUCCESS
        else:
            status = INVALID_COMMAND
            self.report(register, "write", f"system call 0x{opcode:02x} of the boot core")
        if in_register:
            self.values[register] = status
        else:
            self.context.memory.write(data, 4, status)
        self.clear_bits("INTR0_INTR", 1 << 16 + SYSTEM_CALL_STRUCTURE)
        self._free(SYSTEM_CALL_STRUCTURE, 0)
