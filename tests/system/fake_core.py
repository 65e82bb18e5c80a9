"""A dictionary-backed core with the habits of Unicorn 2.1.4, and a System around it.

The habits: IPSR swaps the stack pointers, SPSEL can be changed in thread mode only (on
ARMv8-M its bit can be written everywhere), and an unprivileged thread can neither read nor
write MSP, PSP, the masks and CONTROL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.clock.clock import Clock
from emulator.clock.ramp import Ramp
from emulator.system.core import MemoryFault
from emulator.system.system import System
from emulator.timing.model import ExceptionTiming

FLASH = 0x08000000
RAM = 0x20000000
RAM_BYTES = 0x4000
STACK_TOP = RAM + RAM_BYTES
THREAD_CODE = FLASH + 0x400
TIMING = ExceptionTiming(entry=12, exit=10, tail_chain=6, fp_frame=17)

NPRIV, SPSEL, FPCA = 1, 2, 4
BANKED = ("msp", "psp", "primask", "basepri", "faultmask")


class FakeCore:
    """Implements ``CoreRegisters``."""

    def __init__(self, *, has_fpu: bool = True, spsel_in_handler: bool = False) -> None:
        self.has_fpu = has_fpu
        self._spsel_in_handler = spsel_in_handler
        self.registers: dict[str, int] = {
            **{f"r{n}": 0 for n in range(13)},
            **{f"s{n}": 0 for n in range(32)},
            **dict.fromkeys(
                ("lr", "pc", "flags", "ipsr", "control", "fpscr", "msplim", "psplim", *BANKED), 0
            ),
        }
        self.regions: dict[int, bytearray] = {FLASH: bytearray(0x1000), RAM: bytearray(RAM_BYTES)}

    # -- registers ---------------------------------------------------------------------
    def _bank(self) -> str:
        in_thread = self.registers["ipsr"] == 0
        return "psp" if in_thread and self.registers["control"] & SPSEL else "msp"

    def _unprivileged(self) -> bool:
        return self.registers["ipsr"] == 0 and bool(self.registers["control"] & NPRIV)

    def get(self, name: str) -> int:
        if name == "sp":
            return self.registers[self._bank()]
        if name == "xpsr":
            return self.registers["flags"] | self.registers["ipsr"]
        if name in BANKED and self._unprivileged():
            return 0
        return self.registers[name]

    def set(self, name: str, value: int) -> None:
        assert 0 <= value <= 0xFFFFFFFF, (name, value)
        if name == "sp":
            self.registers[self._bank()] = value
        elif name == "xpsr":
            self.registers["flags"] = value & ~0x1FF
            self.registers["ipsr"] = value & 0x1FF
        elif name == "control":
            self._set_control(value)
        elif not (name in BANKED and self._unprivileged()):
            self.registers[name] = value

    def _set_control(self, value: int) -> None:
        if self._unprivileged():
            return
        in_handler = self.registers["ipsr"] != 0
        if in_handler and not self._spsel_in_handler:
            value = value & ~SPSEL | self.registers["control"] & SPSEL
        self.registers["control"] = value

    def get_many(self, names: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(self.get(name) for name in names)

    def set_many(self, names: tuple[str, ...], values: tuple[int, ...]) -> None:
        for name, value in zip(names, values, strict=True):
            self.set(name, value)

    # -- memory ------------------------------------------------------------------------
    def _place(self, address: int, size_bytes: int, *, is_store: bool) -> tuple[bytearray, int]:
        for base, data in self.regions.items():
            if base <= address and address + size_bytes <= base + len(data):
                return data, address - base
        raise MemoryFault(address, is_store=is_store)

    def clear_exclusive_monitor(self) -> None:
        pass

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        data, offset = self._place(address, size_bytes, is_store=False)
        return bytes(data[offset : offset + size_bytes])

    def write_memory(self, address: int, data: bytes) -> None:
        target, offset = self._place(address, len(data), is_store=True)
        target[offset : offset + len(data)] = data

    def word(self, address: int) -> int:
        return int.from_bytes(self.read_memory(address, 4), "little")

    def put_word(self, address: int, value: int) -> None:
        self.write_memory(address, value.to_bytes(4, "little"))


class Rig:
    """A System on a fake core, with vectors for every exception at FLASH."""

    def __init__(
        self,
        core_name: str = "cortex-m4",
        *,
        has_fpu: bool | None = None,
        core: FakeCore | None = None,
        **options: Any,
    ) -> None:
        fpu = core_name in ("cortex-m4", "cortex-m7", "cortex-m33") if has_fpu is None else has_fpu
        self.core = core or FakeCore(has_fpu=fpu, spsel_in_handler=core_name == "cortex-m33")
        self.cycles = 0
        self.changes = 0
        self.touches = 0
        self.ramp: Ramp | None = None
        self.resets: list[str] = []
        self.unmodelled: list[tuple[int, str]] = []
        self.itm: list[tuple[int, int]] = []
        self.clock = Clock(options.pop("core_hz", 100_000_000))
        self.clock.attach(lambda: self.cycles, lambda _next: None)
        arguments: dict[str, Any] = {
            "core_name": core_name,
            "interrupts": 40,
            "priority_bits": 4,
            "has_fpu": fpu,
            "vector_table": FLASH,
            "exception_timing": TIMING,
            "add_cycles": self.spend,
            "on_change": self._changed,
            "request_reset": self.resets.append,
            "itm_output": lambda port, byte: self.itm.append((port, byte)),
            "touch": self._touched,
            "unmodelled": lambda address, access: self.unmodelled.append((address, access)),
        }
        for number in range(16 + 40):
            self.core.put_word(FLASH + 4 * number, self.handler(number) | 1)
        self.core.put_word(FLASH, STACK_TOP)
        self.system = System(self.core, self.clock, **(arguments | options))
        self.system.reset()
        self.system.reset_core()
        self.core.set("pc", THREAD_CODE)

    @staticmethod
    def handler(number: int) -> int:
        return FLASH + 0x800 + 8 * number

    def _changed(self) -> None:
        self.changes += 1

    def _touched(self, ramp: Ramp | None = None) -> None:
        self.ramp = ramp
        self.touches += 1

    def spend(self, cycles: int) -> None:
        self.cycles += cycles

    def run(self, cycles: int) -> None:
        """Let time pass as the machine does, serving deadlines on time."""
        end = self.cycles + cycles
        while self.clock.next_cycles() <= end:
            self.cycles = max(self.cycles, self.clock.next_cycles())
            self.clock.run_due(self.cycles)
        self.cycles = end

    def r(self, address: int, size_bytes: int = 4) -> int:
        return self.system.read(address, size_bytes)

    def w(self, address: int, value: int, size_bytes: int = 4) -> None:
        self.system.write(address, size_bytes, value)

    # -- shorthands ----------------------------------------------------------------------
    def interrupt(self, number: int, priority: int = 0) -> Callable[[bool], None]:
        """Enable an external interrupt at a priority; the line's set_level is returned."""
        self.w(0xE000E400 + number, priority, 1)
        self.w(0xE000E100 + 4 * (number // 32), 1 << number % 32)
        return self.system.external_line(number).set_level

    def take(self) -> int:
        """Take what preempts; the cost in cycles."""
        before = self.cycles
        assert self.system.preempts()
        self.system.take_exception()
        return self.cycles - before

    def ret(self) -> tuple[int, bool]:
        """Return by LR; the cost in cycles, and whether the core goes to sleep."""
        before = self.cycles
        sleeps = self.system.exception_return(self.core.get("lr"))
        return self.cycles - before, sleeps

    @property
    def running(self) -> int:
        return self.core.get("ipsr")

    @property
    def at(self) -> int:
        return self.core.get("pc")
