"""Identification, DWT, ITM, FPU, MPU, cache and debug registers, snapshots."""

from __future__ import annotations

import copy

import pytest
from fake_core import RAM, STACK_TOP, Rig

from emulator.errors import BoardError
from emulator.system.features import CORES

DEMCR, DWT_CTRL, CYCCNT, EXCCNT, SLEEPCNT, DWT_LAR, DWT_LSR = (
    0xE000EDFC, 0xE0001000, 0xE0001004, 0xE000100C, 0xE0001010, 0xE0001FB0, 0xE0001FB4,
)  # fmt: skip
TRCENA = 1 << 24
CPACR, FPCCR, CCR = 0xE000ED88, 0xE000EF34, 0xE000ED14
UNLOCK = 0xC5ACCE55


@pytest.mark.parametrize("core_name", CORES)
def test_identity_of_every_core(core_name: str) -> None:
    rig = Rig(core_name)
    part = {"cortex-m0": 0xC20, "cortex-m0plus": 0xC60}.get(core_name)
    part = (
        part
        or {"3": 0xC23, "4": 0xC24, "7": 0xC27, "33": 0xD21, "55": 0xD22, "85": 0xD23}[
            core_name.removeprefix("cortex-m")
        ]
    )
    assert rig.r(0xE000ED00) >> 4 & 0xFFF == part
    assert rig.r(CCR) == CORES[core_name].ccr_reset
    assert not rig.unmodelled


def test_unknown_core() -> None:
    with pytest.raises(BoardError, match="cortex-m23"):
        Rig("cortex-m23", has_fpu=False)


# -- DWT -----------------------------------------------------------------------------------
@pytest.mark.parametrize("core_name", ["cortex-m3", "cortex-m4", "cortex-m33"])
def test_cycle_counter(core_name: str) -> None:
    rig = Rig(core_name)
    assert rig.r(DWT_CTRL) == 0x40000000
    rig.w(DWT_CTRL, 1)
    rig.run(50)
    assert rig.r(CYCCNT) == 0, "TRCENA is off"
    rig.w(DEMCR, TRCENA)
    rig.run(100)
    assert rig.r(CYCCNT) == 100
    rig.w(CYCCNT, 0xFFFFFFF0)
    rig.run(0x20)
    assert rig.r(CYCCNT) == 0x10
    assert rig.r(CYCCNT + 1, 1) == 0
    rig.w(DWT_CTRL, 0)
    rig.run(100)
    assert rig.r(CYCCNT) == 0x10
    assert rig.touches == 3, "a stopped counter is no change"


def test_m7_unit_is_locked_until_the_key() -> None:
    rig = Rig("cortex-m7")
    rig.w(DEMCR, TRCENA)
    assert rig.r(DWT_LSR) == 3
    rig.w(DWT_CTRL, 1)
    rig.run(10)
    assert rig.r(CYCCNT) == 0
    rig.w(DWT_LAR, UNLOCK)
    assert rig.r(DWT_LSR) == 1
    rig.w(DWT_CTRL, 1)
    rig.run(10)
    assert rig.r(CYCCNT) == 10


def test_m7_unit_without_a_lock_counts_at_once() -> None:
    rig = Rig("cortex-m7", dwt_lock=False)
    rig.w(DEMCR, TRCENA)
    assert rig.r(DWT_LSR) == 0
    rig.w(DWT_CTRL, 1)
    rig.run(10)
    assert rig.r(CYCCNT) == 10


@pytest.mark.parametrize("core_name", ["cortex-m0", "cortex-m0plus"])
def test_no_cycle_counter_on_armv6m(core_name: str) -> None:
    rig = Rig(core_name)
    assert rig.r(DWT_CTRL) & 1 << 25
    rig.w(DEMCR, TRCENA)
    rig.w(DWT_CTRL, 1)
    assert not rig.r(DWT_CTRL) & 1
    rig.run(10)
    assert rig.r(CYCCNT) == 0
    assert (CYCCNT, "read") in rig.unmodelled


def test_exception_and_sleep_counters() -> None:
    rig = Rig()
    rig.w(DEMCR, TRCENA)
    rig.w(DWT_CTRL, 1 << 18 | 1 << 19)
    rig.interrupt(1)(True)
    rig.take()
    rig.system.external_line(1).set_level(False)
    rig.ret()
    rig.system.slept(300)
    assert rig.r(EXCCNT) == 22
    assert rig.r(SLEEPCNT) == 300 & 0xFF


# -- ITM and TPIU ----------------------------------------------------------------------------
def test_stimulus_bytes_reach_the_host_only_when_all_is_on() -> None:
    rig = Rig()
    rig.w(0xE0000000, ord("a"), 1)
    rig.w(DEMCR, TRCENA)
    rig.w(0xE0000E80, 1)
    assert rig.r(0xE0000E80) == 0, "locked"
    rig.w(0xE0000FB0, UNLOCK)
    rig.w(0xE0000E80, 0x10001)
    rig.w(0xE0000E00, 0b11)
    assert rig.r(0xE0000000) == 1
    rig.w(0xE0000000, ord("b"), 1)
    rig.w(0xE0000004, 0x44434241)
    rig.w(0xE0000008, ord("x"), 1)
    assert rig.itm == [(0, ord("b"))] + [(1, byte) for byte in b"ABCD"]


def test_v8m_port_tells_that_it_is_disabled() -> None:
    rig = Rig("cortex-m33")
    assert rig.r(0xE0000000) == 2
    rig.w(DEMCR, TRCENA)
    rig.w(0xE0000E80, 1)
    rig.w(0xE0000E00, 1)
    assert rig.r(0xE0000000) == 1


def test_trace_set_up_and_quiet_pages() -> None:
    rig = Rig()
    rig.w(0xE0040010, 63)
    assert rig.r(0xE0040010) == 63
    for address in (0xE00FF000, 0xE0002000, 0xE0041FB0, 0xE0001FE0):
        assert rig.r(address) == 0
    assert not rig.unmodelled
    rig.w(0xE000E0F0, 1)
    assert rig.unmodelled == [(0xE000E0F0, "write")]


# -- FPU, MPU, caches ------------------------------------------------------------------------
def test_coprocessor_access_and_features() -> None:
    rig = Rig()
    assert not rig.system.fpu.accessible(unprivileged=False)
    rig.w(CPACR, 5 << 20)
    assert rig.system.fpu.accessible(unprivileged=False)
    assert not rig.system.fpu.accessible(unprivileged=True)
    rig.w(CPACR, 3 << 20)
    assert not rig.system.fpu.accessible(unprivileged=False), "CP11 too"
    rig.w(CPACR, 0xFFFFFFFF)
    assert rig.r(CPACR) == 0xF << 20
    assert rig.system.fpu.accessible(unprivileged=True)
    assert rig.r(FPCCR) == 0xC0000000
    assert (rig.r(0xE000EF40), rig.r(0xE000EF44)) == (0x10110021, 0x11000011)
    assert Rig("cortex-m7", fpu_is_double=True).r(0xE000EF40) == 0x10110221
    rig = Rig("cortex-m3")
    rig.w(CPACR, 0xF << 20)
    assert (rig.r(CPACR), rig.r(FPCCR), rig.r(0xE000EF40)) == (0, 0, 0)
    rig = Rig("cortex-m33")
    rig.w(CPACR, 3 << 20)
    assert rig.system.fpu.accessible(unprivileged=True), "ARMv8-M asks CP10 alone"
    rig.w(CPACR, 0xC303)
    assert rig.r(CPACR) == 0, "no coprocessor is there"
    rig.system.has_coprocessors((0, 7))
    rig.w(CPACR, 0xC301)
    assert rig.r(CPACR) == 0xC001
    assert [rig.system.allows_coprocessor(n) for n in (0, 4, 7)] == [True, False, True]


def test_mpu_v7() -> None:
    rig = Rig()
    assert rig.r(0xE000ED90) == 8 << 8
    rig.w(0xE000ED9C, RAM | 0x10 | 3)
    rig.w(0xE000EDA0, 0x03000029)
    assert rig.r(0xE000ED98) == 3
    assert rig.r(0xE000ED9C) == RAM | 3
    rig.w(0xE000ED98, 0)
    assert rig.r(0xE000EDA0) == 0
    rig.w(0xE000ED94, 5)
    assert rig.r(0xE000ED94) == 5


def test_mpu_v8_and_cores_without_one() -> None:
    rig = Rig("cortex-m33")
    rig.w(0xE000ED98, 4)
    rig.w(0xE000ED9C + 8, 0x20000002)
    rig.w(0xE000EDA0 + 8, 0x200000FF)
    rig.w(0xE000EDC0, 0x44)
    rig.w(0xE000ED98, 5)
    assert (rig.r(0xE000ED9C), rig.r(0xE000EDA0), rig.r(0xE000EDC0)) == (
        0x20000002,
        0x200000EF,
        0x44,
    )  # bit 4 of RLAR is reserved
    rig = Rig("cortex-m0")
    rig.w(0xE000ED94, 1)
    assert (rig.r(0xE000ED90), rig.r(0xE000ED94)) == (0, 0)
    assert Rig("cortex-m7", mpu_regions=16).r(0xE000ED90) == 16 << 8


def test_m7_caches() -> None:
    told: list[tuple[object, ...]] = []
    rig = Rig(
        "cortex-m7",
        instruction_cache_bytes=16384,
        data_cache_bytes=16384,
        maintain_cache=lambda *what: told.append(what),
        enable_cache=lambda *what: told.append(what),
    )
    assert rig.r(0xE000ED78) == 0x09000003
    assert rig.r(0xE000ED7C) == 0x8303C003
    assert rig.r(0xE000ED80) == 0xF00FE019
    rig.w(0xE000ED84, 1)
    assert rig.r(0xE000ED80) == 0xF01FE009
    rig.w(0xE000EF50, 0)
    rig.w(CCR, rig.r(CCR) | 3 << 16)
    rig.w(0xE000EF5C, 0x20001000)
    rig.w(0xE000EF74, 0x40000020)
    assert told == [
        ("instruction", "invalidate", None),
        ("instruction", True),
        ("data", True),
        ("data", "invalidate", 0x20001000),
        ("data", "clean-invalidate", 0x40000020),
    ]
    assert rig.r(CCR) & 7 << 16 == 7 << 16
    assert not rig.unmodelled


def test_cores_without_caches() -> None:
    rig = Rig("cortex-m33")
    rig.w(CCR, 3 << 16)
    assert rig.r(CCR) == 0x201
    assert rig.r(0xE000ED78) == 0
    rig.w(0xE000EF50, 0)
    assert rig.unmodelled == [(0xE000EF50, "write")]


def test_ccr_bits_that_firmware_can_set() -> None:
    rig = Rig()
    rig.w(CCR, 0xFFFFFFFF)
    assert rig.r(CCR) == 0x31B
    assert rig.system.scb.traps_divide_by_zero
    assert rig.system.scb.traps_unaligned
    rig = Rig("cortex-m0plus")
    rig.w(CCR, 0)
    assert rig.r(CCR) == 0x208


# -- names, snapshots ------------------------------------------------------------------------
def test_names() -> None:
    rig = Rig()
    expected = {
        0xE000E010: "SYST_CSR", 0xE000E104: "NVIC_ISER1", 0xE000E403: "NVIC_IPR0", 0xE000ED28: "CFSR",
        0xE0001004: "DWT_CYCCNT", 0xE000EF34: "FPCCR", 0xE000E000: "system register 0xe000e000",
    }  # fmt: skip
    for address, name in expected.items():
        assert rig.system.register_name(address) == name


@pytest.mark.parametrize("core_name", CORES)
def test_every_register_reads_and_takes_any_store(core_name: str) -> None:
    rig = Rig(core_name)
    addresses = list(rig.system._by_address)
    for address in addresses:
        for value in (0, 0xFFFFFFFF, 0x05FA0000):
            rig.w(address, value)
            assert 0 <= rig.r(address) <= 0xFFFFFFFF
            assert 0 <= rig.r(address + 1, 1) <= 0xFF
            rig.w(address + 2, 0xA5, 1)
    assert not rig.unmodelled


def test_snapshot_in_the_middle_of_a_handler() -> None:
    rig = Rig()
    rig.w(DEMCR, TRCENA)
    rig.w(DWT_CTRL, 1)
    rig.w(0xE000E014, 999)
    rig.w(0xE000E010, 7)
    line = rig.interrupt(1, 0x40)
    line(True)
    rig.run(100)
    rig.take()
    saved = copy.deepcopy((rig.system.save(), rig.clock.save(), rig.core.registers, rig.core.regions))
    at = rig.cycles

    def rest() -> list[object]:
        seen: list[object] = [rig.r(CYCCNT), rig.r(0xE000E018)]
        rig.run(950)
        seen += [rig.r(0xE000ED04), rig.r(CYCCNT)]
        rig.system.external_line(1).set_level(False)
        seen += [rig.ret(), rig.running]
        return [*seen, rig.ret(), rig.running, rig.core.get("sp") == STACK_TOP]

    first = rest()
    system, clock, registers, regions = copy.deepcopy(saved)
    rig.cycles = at
    rig.clock.load(clock)
    rig.system.load(system)
    rig.core.registers, rig.core.regions = registers, regions
    assert rest() == first


def test_reset_keeps_asserted_lines_pending() -> None:
    rig = Rig()
    line = rig.interrupt(1)
    line(True)
    rig.take()
    rig.w(0xE000ED08, RAM)
    rig.system.reset()
    assert rig.r(0xE000E200) == 2
    assert rig.r(0xE000E100) == 0
    assert rig.r(0xE000E300) == 0
    assert rig.system.last_fault is None
