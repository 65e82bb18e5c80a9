"""The order of register writes on the installed Unicorn: same states as on the fake core."""

from __future__ import annotations

from typing import Any, cast

import pytest
from fake_core import FLASH, FPCA, NPRIV, RAM, RAM_BYTES, SPSEL, STACK_TOP, THREAD_CODE, FakeCore, Rig

from emulator.board.model import Region
from emulator.engine.core import Core

CORES = ("cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33")
MAINLINE = CORES[2:]
WITH_FPU = ("cortex-m4", "cortex-m7", "cortex-m33")
REGIONS = (Region("flash", FLASH, 0x1000, "flash"), Region("ram", RAM, RAM_BYTES, "ram"))
IRQ = 16
STATE = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr", "control", "ipsr")
ONE = 0x3F800000


class UnicornCore(Core):
    """The engine's core with the fake one's two shorthands."""

    def word(self, address: int) -> int:
        return int.from_bytes(self.read_memory(address, 4), "little")

    def put_word(self, address: int, value: int) -> None:
        self.load_memory(address, value.to_bytes(4, "little"))


def rig_on_unicorn(core_name: str) -> Rig:
    core = UnicornCore(core_name, REGIONS, has_fpu=core_name in WITH_FPU)
    rig = Rig(core_name, core=cast(FakeCore, core))
    for n in range(13):
        rig.core.set(f"r{n}", 0x1000 + n)
    rig.core.set("lr", 0x08000123)
    return rig


def state(rig: Rig) -> dict[str, int]:
    values = dict(zip(STATE, rig.core.get_many(STATE), strict=True))
    thumb = 1 << 24  # a write of an even PC clears it; every run starts at PC | 1
    return values | {"xpsr": values["xpsr"] & ~thumb}


def spoil(rig: Rig) -> None:
    """What a handler may do to the caller-saved registers and the flags."""
    for name in ("r0", "r1", "r2", "r3", "r12"):
        rig.core.set(name, 0xDEADBEEF)
    number = rig.core.get("ipsr")
    rig.core.set("xpsr", 0x41000000 | number)


@pytest.mark.parametrize("core_name", CORES)
@pytest.mark.parametrize("control", [0, SPSEL, NPRIV, SPSEL | NPRIV])
def test_round_trip_keeps_every_register(core_name: str, control: int) -> None:
    if "m0" in core_name:
        control &= SPSEL  # Unicorn's M0 is always privileged
    rig = rig_on_unicorn(core_name)
    rig.core.set("psp", RAM + 0x1004)
    rig.core.set("xpsr", 0xB1000000 if "m0" in core_name else 0xBF00FC00)
    rig.core.set("control", control)
    before = state(rig)
    line = rig.interrupt(1, 0x80)
    line(True)
    rig.take()
    line(False)
    inside = state(rig)
    assert inside["control"] == control & NPRIV
    assert inside["ipsr"] == IRQ + 1
    assert inside["sp"] == (STACK_TOP if control & SPSEL else STACK_TOP - 32)
    assert inside["xpsr"] & 0x0600FC00 == 0
    higher = rig.interrupt(2, 0x00)
    higher(True)
    rig.take()
    assert rig.running == IRQ + 2
    higher(False)
    spoil(rig)
    rig.ret()
    assert state(rig) == inside
    spoil(rig)
    rig.ret()
    assert state(rig) == before


@pytest.mark.parametrize("core_name", WITH_FPU)
@pytest.mark.parametrize("control", [0, SPSEL, SPSEL | NPRIV])
@pytest.mark.parametrize("lazy", [True, False])
def test_fp_context(core_name: str, control: int, lazy: bool) -> None:
    rig = rig_on_unicorn(core_name)
    rig.w(0xE000EF34, 0xC0000000 if lazy else 0x80000000)
    rig.core.set("psp", RAM + 0x1000)
    for n in range(32):
        rig.core.set(f"s{n}", ONE + n)
    rig.core.set("fpscr", 0x00C00000)
    rig.core.set("control", control | FPCA)
    rig.interrupt(1)(True)
    rig.take()
    assert rig.core.get("control") & FPCA == 0
    rig.system.external_line(1).set_level(False)
    rig.core.set("control", rig.core.get("control") | FPCA)
    rig.core.set("s3", 0)
    rig.core.set("fpscr", 0)
    rig.ret()
    assert rig.core.get("control") & 7 == control | FPCA
    assert rig.core.get("s3") == ONE + 3
    assert rig.core.get("fpscr") == 0x00C00000
    assert rig.at & ~1 == THREAD_CODE


@pytest.mark.parametrize("core_name", MAINLINE)
def test_reset_from_an_unprivileged_thread(core_name: str) -> None:
    rig = rig_on_unicorn(core_name)
    rig.core.set("psp", RAM + 0x1000)
    rig.core.set("control", SPSEL | NPRIV)
    rig.system.reset()
    rig.system.reset_core()
    assert rig.core.get_many(("sp", "control", "ipsr", "lr")) == (STACK_TOP, 0, 0, 0xFFFFFFFF)


# -- code that runs ----------------------------------------------------------------------


def run(rig: Rig, code: str, address: int) -> None:
    core: Any = rig.core
    core.load_memory(address, bytes.fromhex(code))
    core.uc.emu_start(address | 1, address + len(bytes.fromhex(code)))


@pytest.mark.parametrize("core_name", WITH_FPU)
def test_ge_flags_survive_an_interrupt(core_name: str) -> None:
    rig = rig_on_unicorn(core_name)
    rig.core.set("r0", 0x00FF00FF)
    rig.core.set("r1", 0x00010001)
    run(rig, "80fa41f2", THREAD_CODE)  # uadd8 r2, r0, r1: GE = 0101
    assert rig.core.get("xpsr") >> 16 & 0xF == 0b0101
    rig.interrupt(1)(True)
    rig.take()
    rig.system.external_line(1).set_level(False)
    rig.core.set("r0", 0)
    run(rig, "80fa40f2", THREAD_CODE + 0x100)  # uadd8 r2, r0, r0: GE = 0000
    rig.ret()
    rig.core.set("r3", 0x11111111)
    rig.core.set("r4", 0x22222222)
    run(rig, "a3fa84f5", THREAD_CODE + 0x200)  # sel r5, r3, r4
    assert rig.core.get("r5") == 0x22112211


def test_m33_keeps_fpscr_at_the_first_fp_instruction_after_a_return() -> None:
    """Unicorn's M33 runs in Secure state: a clear CONTROL.SFPA makes it start a new FP context."""
    rig = rig_on_unicorn("cortex-m33")
    rig.core.set("fpscr", 0x00C00000)
    run(rig, "30ee000a", THREAD_CODE)  # vadd.f32 s0, s0, s0
    rig.core.set("fpscr", 0x00C00000)
    assert rig.core.get("control") == FPCA
    rig.interrupt(1)(True)
    rig.take()
    rig.system.external_line(1).set_level(False)
    rig.ret()
    run(rig, "30ee000a", THREAD_CODE + 0x100)
    assert rig.core.get("fpscr") & 0x00C00000 == 0x00C00000
