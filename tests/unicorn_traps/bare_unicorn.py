"""A Cortex-M on plain Unicorn, and short programs as listings: what the trap tests are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc, UcError
from unicorn import arm_const as arm

CODE, RAM, DEVICE = 0x08000000, 0x20000000, 0x40000000
"""Where :func:`open_core` maps 256 KiB of code, 64 KiB of RAM and, when asked, 4 KiB of device."""

CODE_BYTES, RAM_BYTES, DEVICE_BYTES = 0x40000, 0x10000, 0x1000

CORES = {
    "cortex-m3": arm.UC_CPU_ARM_CORTEX_M3,
    "cortex-m4": arm.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7": arm.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33": arm.UC_CPU_ARM_CORTEX_M33,
}

IT_STATE = 0x0600FC00
"""CPSR bits 26:25 and 15:10."""


class Listing:
    """A program as lines ``HALFWORDS | assembly``; the two sides are compared by a test."""

    def __init__(self, text: str) -> None:
        self.code = b""
        self.source: list[str] = []
        for line in filter(str.strip, text.splitlines()):
            words, _, source = line.partition("|")
            self.source.append(source.strip())
            self.code += b"".join(int(word, 16).to_bytes(2, "little") for word in words.split())

    @property
    def end(self) -> int:
        """The address after its last instruction, when it starts at CODE."""
        return CODE + len(self.code)


def open_core(core: str, program: Listing | bytes, *, mode: int = UC_MODE_THUMB) -> Uc:
    """A core with ``program`` at CODE, and RAM."""
    uc = Uc(UC_ARCH_ARM, mode)
    uc.ctl_set_cpu_model(CORES[core])
    uc.mem_map(CODE, CODE_BYTES)
    uc.mem_write(CODE, program.code if isinstance(program, Listing) else program)
    uc.mem_map(RAM, RAM_BYTES)
    uc.reg_write(arm.UC_ARM_REG_SP, RAM + RAM_BYTES)
    return uc


class Device:
    """4 KiB of registers at DEVICE that keep what is written; every access is remembered."""

    def __init__(self, uc: Uc, on_access: Callable[[], None] = lambda: None) -> None:
        self.values: dict[int, int] = {}
        self.accesses: list[tuple[str, int, int]] = []
        self._on_access = on_access
        uc.mmio_map(DEVICE, DEVICE_BYTES, self._read, None, self._write, None)

    def _read(self, _uc: Uc, offset: int, size: int, _data: Any) -> int:
        self.accesses.append(("read", offset, size))
        self._on_access()
        return self.values.get(offset, 0)

    def _write(self, _uc: Uc, offset: int, size: int, value: int, _data: Any) -> None:
        self.accesses.append(("write", offset, size))
        self._on_access()
        self.values[offset] = value


def run(uc: Uc, start: int = CODE, until: int = 0xFFFFFFFE) -> UcError | None:
    """Execute; what Unicorn raised, or None."""
    try:
        uc.emu_start(start | 1, until)
    except UcError as error:
        return error
    return None


def r(uc: Uc, number: int) -> int:
    """A general register."""
    return int(uc.reg_read(arm.UC_ARM_REG_PC if number == 15 else arm.UC_ARM_REG_R0 + number))


def set_r(uc: Uc, **values: int) -> None:
    """``set_r(uc, r0=1, r7=2)``."""
    for name, value in values.items():
        uc.reg_write(arm.UC_ARM_REG_R0 + int(name[1:]), value)


def pc(uc: Uc) -> int:
    """The program counter."""
    return int(uc.reg_read(arm.UC_ARM_REG_PC))


def cpsr(uc: Uc) -> int:
    """CPSR as Unicorn shows it on an M core: flags, IT state, T in bit 5."""
    return int(uc.reg_read(arm.UC_ARM_REG_CPSR))


def gone(what: str, place: str) -> str:
    """The message of an assertion that fails when Unicorn no longer has a trap."""
    return f"Unicorn no longer {what}: the workaround in {place} can go"
