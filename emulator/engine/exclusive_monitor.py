"""Finds Unicorn's exclusive monitor, so that exceptions can clear it, and a store match it.

What the hardware does: exception entry and return clear the local monitor (ARMv7-M Architecture
Reference Manual A3.4.4, B1.5.6, B1.5.8), so that a STREX fails when a handler ran since its LDREX.
While it is set, a STREX of any size to any address passes: the monitors of M3, M4, M7 and M33 hold no
address, their reservation granule is the whole memory, and a plain store leaves them (their Technical
Reference Manuals, "Exclusive monitor": 100165, 100166, DDI 0489, 100230).
What Unicorn 2.1.4 does: it knows nothing of our exceptions, and has no register for the monitor; a
STREX passes only where the address is that of the LDREX and memory holds what that has loaded.
What we do: find the place of ``exclusive_addr`` and ``exclusive_val`` behind the register file, in a
core made for that, by what LDREX and CLREX leave there; before a STREX that would fail for another
reason than an open monitor, put there what it asks for (:mod:`emulator.engine.corrections`).
tests/system/test_exclusive_monitor.py tells whether it holds,
tests/unicorn_traps/test_corrections.py when it can go.
"""

from __future__ import annotations

import ctypes
from functools import cache

from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc, UcError
from unicorn import arm_const as arm

from emulator.engine.register_file import RegisterFile, find_register_file

LDREX, CLREX = bytes.fromhex("50e8001f"), bytes.fromhex("bff32f8f")  # ldrex r1, [r0]
CODE, PLACES = 0x1000, (0x2340, 0x2588)
LOADED = 0x5AC30000  # and the place
OPEN = (1 << 64) - 1
STATE_BYTES = 1 << 13


class Monitor(ctypes.Structure):
    """Unicorn's: the address of the LDREX, :data:`OPEN` without one, and what it has loaded."""

    address: int
    loaded: int
    _fields_ = [("address", ctypes.c_uint64), ("loaded", ctypes.c_uint64)]


def find_monitor(registers: RegisterFile | None, cpu_model: int) -> Monitor | None:
    """The monitor of the core that has this register file; None when it is not found for certain."""
    offset = _offset(cpu_model) if registers is not None else None
    if registers is None or offset is None:
        return None
    return Monitor.from_address(ctypes.addressof(registers) + offset)


@cache
def _offset(cpu_model: int) -> int | None:
    """Bytes from r0 to the monitor's address in Unicorn's state of such a core."""
    uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
    uc.ctl_set_cpu_model(cpu_model)
    uc.mem_map(CODE, 0x2000)
    uc.mem_write(CODE, LDREX + CLREX)
    for place in PLACES:
        uc.mem_write(place, (LOADED + place).to_bytes(4, "little"))
    registers = find_register_file(uc)
    if registers is None:
        return None
    start = ctypes.addressof(registers)
    fits = list(range(0, STATE_BYTES, 8))
    for place in PLACES:
        uc.reg_write(arm.UC_ARM_REG_R0, place)
        for expected, code in ((place, CODE), (OPEN, CODE + len(LDREX))):
            try:
                uc.emu_start(code | 1, code + 4)
            except UcError:  # a Cortex-M0 has no exclusives
                return None
            state = ctypes.string_at(start, STATE_BYTES)
            words = expected.to_bytes(8, "little") + (LOADED + place).to_bytes(8, "little")
            fits = [n for n in fits if state[n : n + 16] == words]
    return fits[0] if len(fits) == 1 else None
