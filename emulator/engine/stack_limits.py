"""Finds MSPLIM and PSPLIM in Unicorn's state, so that exception entry can look at them.

What the hardware does: an exception frame that would go below the limit of its stack is not written,
and UsageFault STKOF is pending (ARMv8-M Architecture Reference Manual B3.21, PushStack). What Unicorn
2.1.4 does: it checks each instruction that moves SP, knows nothing of our exceptions, and has no
register for the limits. What we do: find their places behind the register file, in a core made for
that, by what MSR leaves there. tests/system/test_stack_limits.py tells whether it holds.
"""

from __future__ import annotations

import ctypes
from functools import cache

from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc, UcError
from unicorn import arm_const as arm

from emulator.engine.register_file import RegisterFile, find_register_file

WRITES = {"msplim": bytes.fromhex("80f30a88"), "psplim": bytes.fromhex("80f30b88")}  # msr ..., r0
CODE, VALUES = 0x1000, (0x2A5A1340, 0x15C3A688)
STATE_BYTES = 1 << 13
StackLimits = dict[str, ctypes.c_uint32]


def find_stack_limits(registers: RegisterFile | None, cpu_model: int) -> StackLimits:
    """The limits of the core that has this register file, by name; none unless found for certain."""
    offsets = _offsets(cpu_model) if registers is not None else {}
    if registers is None:
        return {}
    start = ctypes.addressof(registers)
    return {name: ctypes.c_uint32.from_address(start + offset) for name, offset in offsets.items()}


@cache
def _offsets(cpu_model: int) -> dict[str, int]:
    """Bytes from r0 to each limit in Unicorn's state of such a core; empty where it has none."""
    uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
    uc.ctl_set_cpu_model(cpu_model)
    uc.mem_map(CODE, 0x2000)
    registers = find_register_file(uc)
    if registers is None:
        return {}
    found: dict[str, int] = {}
    for name, code in WRITES.items():
        uc.mem_write(CODE, code)
        uc.ctl_remove_cache(CODE, CODE + len(code))
        fits = list(range(64, STATE_BYTES, 4))  # behind r0 to r15
        for value in VALUES:
            uc.reg_write(arm.UC_ARM_REG_R0, value)
            try:
                uc.emu_start(CODE | 1, CODE + len(code))
            except UcError:
                return {}
            state = ctypes.string_at(ctypes.addressof(registers), STATE_BYTES)
            fits = [n for n in fits if state[n : n + 4] == value.to_bytes(4, "little")]
        if len(fits) != 1:
            return {}
        found[name] = fits[0]
    return found
