"""Wrong results of single instructions, which emulator/engine/corrections.py puts right."""

from __future__ import annotations

import pytest
from bare_unicorn import CODE, CORES, RAM, Listing, gone, open_core, r, run, set_r
from unicorn import Uc
from unicorn import arm_const as arm
from unicorn import unicorn_const as ucc

PLACE = "emulator/engine/corrections.py"
WITH_FPU = ("cortex-m4", "cortex-m7", "cortex-m33")

STACKS = Listing("""
    f380 8809 | msr psp, r0
    f3ef 8109 | mrs r1, psp
    f380 8808 | msr msp, r0
    f3ef 8208 | mrs r2, msp
    bf00      | nop
""")


@pytest.mark.parametrize("core", CORES)
def test_msr_leaves_the_low_bits_of_a_stack_pointer(core: str) -> None:
    """MSP and PSP have no bits 1:0; Unicorn 2.1.4 keeps what MSR writes.

    MSR ends a block. We: Corrections.settle, at the entry of the next one.
    """
    uc = open_core(core, STACKS)
    starts: list[int] = []
    uc.hook_add(ucc.UC_HOOK_BLOCK, lambda _uc, address, _size, _data: starts.append(address - CODE))
    set_r(uc, r0=0x20000007)
    assert run(uc, until=STACKS.end) is None
    assert (r(uc, 1), r(uc, 2)) == (0x20000007, 0x20000007), gone("keeps the low bits", PLACE)
    assert starts[:3] == [0, 4, 12]


CONVERSION = Listing("""
    eee1 0a10 | vmsr fpscr, r0
    eefb 0ae5 | vcvt.f32.u32 s1, s1, #21
    ee10 1a90 | vmov r1, s1
    bf00      | nop
""")
NEAREST, UP = 0x44037542, 0x44037543


def convert(core: str, mode: int) -> Uc:
    uc = open_core(core, CONVERSION)
    uc.reg_write(arm.UC_ARM_REG_CONTROL, 0xC)  # an FP context that is there keeps its FPSCR
    uc.reg_write(arm.UC_ARM_REG_S1, 0x41BAA122)
    set_r(uc, r0=mode << 22)
    return uc


@pytest.mark.parametrize("core", WITH_FPU)
def test_fixed_point_obeys_the_rounding_mode(core: str) -> None:
    """VCVT from fixed point rounds to nearest; Unicorn 2.1.4 rounds as FPSCR.RMode says.

    VMSR ends a block, so that Corrections can have the conversions watched from the next on.
    """
    found = []
    for mode in range(4):
        uc = convert(core, mode)
        starts: list[int] = []
        uc.hook_add(ucc.UC_HOOK_BLOCK, lambda _uc, at, _size, _data, s=starts: s.append(at - CODE))
        assert run(uc, until=CONVERSION.end) is None
        assert starts[:2] == [0, 4]
        found.append(r(uc, 1))
    assert found == [NEAREST, UP, NEAREST, NEAREST], gone("obeys FPSCR.RMode", PLACE)


@pytest.mark.parametrize("core", WITH_FPU)
@pytest.mark.parametrize("mode", range(4))
def test_fpscr_written_by_a_code_hook_counts_at_once(core: str, mode: int) -> None:
    """No trap, but what the correction builds on: cleared before the conversion, back after it."""
    uc = convert(core, mode)

    def write(uc: Uc, address: int, _size: int, _data: object) -> None:
        status = uc.reg_read(arm.UC_ARM_REG_FPSCR) & ~(3 << 22)
        uc.reg_write(arm.UC_ARM_REG_FPSCR, status | (mode << 22 if address == CODE + 8 else 0))

    uc.hook_add(ucc.UC_HOOK_CODE, write, None, CODE + 4, CODE + 8)
    assert run(uc, until=CONVERSION.end) is None
    assert r(uc, 1) == NEAREST
    assert uc.reg_read(arm.UC_ARM_REG_FPSCR) == mode << 22 | 0x10  # inexact


EXCLUSIVE = Listing("""
    e850 1f00 | ldrex r1, [r0]
    e840 2300 | strex r3, r2, [r0]
    bf00      | nop
""")


@pytest.mark.parametrize("core", CORES)
def test_a_mode_change_leaves_the_exclusive_monitor(core: str) -> None:
    """Exception entry and return clear the monitor; a write of IPSR in Unicorn 2.1.4 does not.

    We: Core.clear_exclusive_monitor (emulator/engine/exclusive_monitor.py).
    """
    uc = open_core(core, EXCLUSIVE)
    set_r(uc, r0=RAM, r3=9)
    assert run(uc, until=CODE + 4) is None
    for number in (11, 0):
        uc.reg_write(arm.UC_ARM_REG_IPSR, number)
    assert run(uc, CODE + 4, until=EXCLUSIVE.end) is None
    assert r(uc, 3) == 0, gone("keeps the monitor", "emulator/engine/exclusive_monitor.py")
