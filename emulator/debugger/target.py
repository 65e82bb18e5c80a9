"""The machine as GDB reads and writes it: registers, memory, flash.

Reading has no side effect. A write is as the core's own: the block that executes is left before it, what was
translated is forgotten, device registers take it as a store. What is as it was already is no write. After a
write there is no way back: the timeline begins anew.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.debugger.registers import WORD_BYTES, Register, Registers, register_set
from emulator.debugger.threads import Thread
from emulator.machine.machine import Machine
from emulator.system.core import MemoryFault
from emulator.system.features import Architecture

ERASED = b"\xff"
PC = "pc"


class Target:
    """One machine. ``changed()``: is called behind every write."""

    def __init__(self, machine: Machine, changed: Callable[[], None]) -> None:
        self._machine = machine
        self._stepping = machine.stepping()
        self._changed = changed
        features = machine.system.features
        self.has_armv8m = features.architecture is Architecture.V8M
        self.registers = Registers(
            machine.core,
            register_set(
                has_fpu=machine.core.has_fpu,
                has_mainline=features.is_mainline,
                has_stack_limits=bool(machine.core.stack_limits),
            ),
        )

    # -- registers ---------------------------------------------------------------------------
    def read_register(self, register: Register, thread: Thread) -> bytes | None:
        """Its value in a thread; None where nobody knows it."""
        if not thread.registers:
            return self.registers.read(register)
        value = thread.registers.get(register.name)
        return None if value is None else value.to_bytes(register.size_bytes, "little")

    def write_register(self, register: Register, data: bytes) -> None:
        """Set a register of the core."""
        if self.registers.read(register) == data:
            return
        if register.name == PC:
            self._stepping.jump(int.from_bytes(data, "little"))
        else:
            self._stepping.leave_block()
            self.registers.write(register, data)
        self._changed()

    # -- memory ------------------------------------------------------------------------------
    def read(self, address: int, size_bytes: int) -> bytes:
        """As many bytes as there are."""
        return self._machine.peek(address, size_bytes)

    def word(self, address: int) -> int:
        """A word. Raises LookupError where there is none."""
        data = self.read(address, WORD_BYTES)
        if len(data) < WORD_BYTES:
            raise LookupError(f"no memory at 0x{address:08x}")
        return int.from_bytes(data, "little")

    def is_flash(self, address: int) -> bool:
        """Whether a flash is there, which takes no stores."""
        memory = self._machine.core.memory_at(address)
        return memory is not None and memory.region.kind != "ram"

    def write(self, address: int, data: bytes) -> bool:
        """Write RAM or device registers; False where neither is."""
        if not data or self.is_flash(address):
            return not data
        memory = self._machine.core.memory_at(address)
        if memory is not None and self.read(address, len(data)) == data:
            return True
        self._stepping.leave_block()
        try:
            if memory is not None:
                self._machine.write_memory(address, data)
            else:
                self._machine.core.write_memory(address, data)
        except MemoryFault:
            return False
        finally:
            self._changed()
        return True

    # -- flash -------------------------------------------------------------------------------
    def program(self, address: int, data: bytes) -> bool:
        """Write flash, as a programmer would; False where there is none."""
        if not self.is_flash(address):
            return False
        if self.read(address, len(data)) == data:
            return True
        self._stepping.leave_block()
        try:
            self._machine.write_memory(address, data)
        except MemoryFault:
            return False
        finally:
            self._changed()
        return True

    def erase(self, address: int, size_bytes: int) -> bool:
        """Erase flash; False where there is none."""
        if not self.is_flash(address) or len(self.read(address, size_bytes)) < size_bytes:
            return False
        return self.program(address, ERASED * size_bytes)
