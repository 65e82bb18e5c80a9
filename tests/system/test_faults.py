"""Faults: status bits, escalation, lockup, records, bad stacks, vectors and returns."""

from __future__ import annotations

import pytest
from fake_core import FLASH, RAM, SPSEL, STACK_TOP, THREAD_CODE, Rig

from emulator.errors import GuestFault
from emulator.system.faults import FaultKind

HARD, MEM, BUS, USAGE = 3, 4, 5, 6
CFSR, HFSR, MMFAR, BFAR, SHCSR, CCR = 0xE000ED28, 0xE000ED2C, 0xE000ED34, 0xE000ED38, 0xE000ED24, 0xE000ED14
DFSR, DEMCR = 0xE000ED30, 0xE000EDFC
FORCED = 1 << 30
ENABLE_ALL = 7 << 16

CASES = [
    (FaultKind.UNDEFINED_INSTRUCTION, USAGE, 1 << 16),
    (FaultKind.INVALID_STATE, USAGE, 1 << 17),
    (FaultKind.NO_COPROCESSOR, USAGE, 1 << 19),
    (FaultKind.UNALIGNED, USAGE, 1 << 24),
    (FaultKind.DIVIDE_BY_ZERO, USAGE, 1 << 25),
    (FaultKind.BUS_INSTRUCTION, BUS, 1 << 8),
    (FaultKind.BUS_DATA, BUS, 1 << 9 | 1 << 15),
    (FaultKind.BUS_DATA_IMPRECISE, BUS, 1 << 10),
    (FaultKind.MEMORY_INSTRUCTION, MEM, 1 << 0),
    (FaultKind.MEMORY_DATA, MEM, 1 << 1 | 1 << 7),
]


@pytest.mark.parametrize(("kind", "exception", "bits"), CASES)
def test_enabled_fault_goes_to_its_own_handler(kind: FaultKind, exception: int, bits: int) -> None:
    rig = Rig()
    rig.w(SHCSR, ENABLE_ALL)
    assert rig.system.raise_fault(kind, pc=0x08000444, address=0x60000010)
    assert rig.running == exception
    assert rig.r(CFSR) == bits
    assert rig.r(HFSR) == 0
    assert rig.core.word(rig.core.get("sp") + 24) == 0x08000444, "the faulting instruction is stacked"
    record = rig.system.last_fault
    assert record is not None
    assert (record.pc, record.handler, record.running) == (0x08000444, exception, 0)
    assert record.frame[6] == 0x08000444


@pytest.mark.parametrize(("kind", "exception", "bits"), CASES)
def test_disabled_fault_escalates(kind: FaultKind, exception: int, bits: int) -> None:
    rig = Rig()
    rig.system.raise_fault(kind, address=0x60000010)
    assert rig.running == HARD
    assert (rig.r(CFSR), rig.r(HFSR)) == (bits, FORCED)


def test_fault_at_the_same_priority_escalates() -> None:
    rig = Rig()
    rig.w(SHCSR, ENABLE_ALL)
    rig.interrupt(1, 0)(True)
    rig.take()
    rig.system.raise_fault(FaultKind.UNDEFINED_INSTRUCTION)
    assert rig.running == HARD
    assert rig.core.get("lr") == 0xFFFFFFF1


def test_fault_addresses_and_clearing() -> None:
    rig = Rig()
    rig.w(SHCSR, ENABLE_ALL)
    rig.system.raise_fault(FaultKind.BUS_DATA, address=0x60000010)
    assert rig.r(BFAR) == 0x60000010
    assert rig.r(CFSR + 1, 1) == 0x82
    rig.w(CFSR + 1, 0x80, 1)
    assert rig.r(CFSR) == 1 << 9
    rig.w(CFSR, 0xFFFF0000)
    assert rig.r(CFSR) == 1 << 9
    rig.w(CFSR, 0xFFFFFFFF)
    assert rig.r(CFSR) == 0


def test_usage_fault_half_word_is_cleared_by_ones() -> None:
    rig = Rig()
    rig.system.raise_fault(FaultKind.DIVIDE_BY_ZERO)
    assert rig.r(CFSR + 2, 2) == 0x200
    rig.w(CFSR + 2, 0x200, 2)
    rig.w(HFSR, FORCED)
    assert (rig.r(CFSR), rig.r(HFSR)) == (0, 0)


@pytest.mark.parametrize("core_name", ["cortex-m0", "cortex-m0plus"])
def test_armv6m_knows_hardfault_alone(core_name: str) -> None:
    rig = Rig(core_name)
    rig.system.raise_fault(FaultKind.UNALIGNED, address=0x20000001)
    assert rig.running == HARD
    assert rig.r(CFSR) == 0
    assert (CFSR, "read") in rig.unmodelled
    with pytest.raises(GuestFault, match="locked up"):
        rig.system.raise_fault(FaultKind.UNDEFINED_INSTRUCTION)


def test_lockup_reports_both_faults() -> None:
    rig = Rig()
    rig.core.set("r4", 0xCAFE)
    rig.system.raise_fault(FaultKind.DIVIDE_BY_ZERO, pc=0x08000444)
    with pytest.raises(GuestFault) as caught:
        rig.system.raise_fault(FaultKind.BUS_DATA, pc=0x08000555, address=0x60000000)
    assert caught.value.exit_code == 3
    assert "data access where there is no memory (address 0x60000000)" in str(caught.value)
    assert "in HardFault" in str(caught.value)
    for words in ("PRECISERR", "DIVBYZERO", "FORCED", "0x08000444", "0x0000cafe", "division by zero"):
        assert words in caught.value.report


@pytest.mark.parametrize("mask", ["faultmask", "nmi"])
def test_lockup_at_negative_priority(mask: str) -> None:
    rig = Rig()
    rig.w(SHCSR, ENABLE_ALL)
    if mask == "faultmask":
        rig.core.set("faultmask", 1)
    else:
        rig.system.pend_nmi()
        rig.take()
    with pytest.raises(GuestFault, match="locked up"):
        rig.system.raise_fault(FaultKind.UNDEFINED_INSTRUCTION)


def test_primask_escalates_but_does_not_lock_up() -> None:
    rig = Rig()
    rig.w(SHCSR, ENABLE_ALL)
    rig.core.set("primask", 1)
    rig.system.raise_fault(FaultKind.UNDEFINED_INSTRUCTION)
    assert rig.running == HARD


def test_svc_that_its_handler_cant_serve_escalates() -> None:
    rig = Rig()
    rig.core.set("primask", 1)
    rig.system.svc()
    assert rig.running == HARD
    assert (rig.r(CFSR), rig.r(HFSR)) == (0, FORCED)
    assert rig.system.last_fault is not None
    assert "SVC" in rig.system.last_fault.summary


def test_bus_faults_ignored_in_hardfault_on_request() -> None:
    rig = Rig()
    rig.w(CCR, 0x100)
    rig.system.raise_fault(FaultKind.BUS_DATA, address=0x60000000)
    assert rig.running == HARD
    assert rig.system.raise_fault(FaultKind.BUS_DATA, address=0x60000004) is False
    assert rig.running == HARD


def test_breakpoint_without_debugger() -> None:
    rig = Rig()
    rig.system.raise_fault(FaultKind.BREAKPOINT)
    assert rig.running == HARD
    assert rig.r(HFSR) == 1 << 31
    assert rig.r(DFSR) == 2
    rig.w(DFSR, 2)
    assert rig.r(DFSR) == 0


def test_breakpoint_goes_to_the_debug_monitor_when_enabled() -> None:
    rig = Rig()
    rig.w(DEMCR, 1 << 16)
    rig.system.raise_fault(FaultKind.BREAKPOINT)
    assert rig.running == 12


# -- stacks, vectors, returns --------------------------------------------------------------
def test_stack_overflow_at_entry() -> None:
    rig = Rig()
    rig.core.set("psp", RAM + 8)
    rig.core.set("control", SPSEL)
    rig.interrupt(1, 0x40)(True)
    rig.take()
    assert rig.running == HARD
    assert (rig.r(CFSR), rig.r(HFSR)) == (1 << 12, FORCED)
    record = rig.system.last_fault
    assert record is not None
    assert record.kind is FaultKind.BUS_STACKING
    assert record.address == RAM - 24
    assert rig.system.table.is_pending(17), "the interrupt waits"


def test_stack_overflow_with_bus_fault_enabled_takes_bus_fault() -> None:
    rig = Rig()
    rig.w(SHCSR, ENABLE_ALL)
    rig.core.set("sp", RAM)
    rig.interrupt(1, 0x40)(True)
    rig.take()
    assert rig.running == BUS


@pytest.mark.parametrize("vector", [0, 0x08000800, 0xFFFFFFFF])
def test_bad_vector(vector: int) -> None:
    rig = Rig()
    rig.core.put_word(FLASH + 4 * 15, vector)
    rig.w(0xE000ED04, 1 << 26)
    rig.take()
    assert rig.running == HARD
    record = rig.system.last_fault
    assert record is not None
    assert f"the vector of SysTick is 0x{vector:08x}" in record.summary


def test_bad_hardfault_vector_locks_up() -> None:
    rig = Rig()
    rig.core.put_word(FLASH + 4 * HARD, 0)
    with pytest.raises(GuestFault, match="vector of HardFault is 0x00000000"):
        rig.system.raise_fault(FaultKind.UNDEFINED_INSTRUCTION)


def test_vector_table_without_memory() -> None:
    rig = Rig()
    rig.w(0xE000ED08, 0x60000000)
    rig.interrupt(1)(True)
    with pytest.raises(GuestFault, match="vector table"):
        rig.take()
    assert rig.r(HFSR) & 2


@pytest.mark.parametrize("value", [0xFFFFFFF1, 0xFFFFFFF3, 0xFFFFFFE9, 0xFFFFFF09])
def test_damaged_exc_return(value: int) -> None:
    rig = Rig("cortex-m3")
    rig.w(SHCSR, ENABLE_ALL)
    rig.interrupt(1)(True)
    rig.take()
    rig.system.external_line(1).set_level(False)
    stack = rig.core.get("sp")
    rig.system.exception_return(value)
    assert rig.running == USAGE
    assert rig.r(CFSR) == 1 << 18
    assert rig.core.get("sp") == stack
    assert not rig.system.table.is_active(17)


def test_return_to_thread_with_a_handler_still_active() -> None:
    rig = Rig()
    rig.interrupt(1, 0x80)(True)
    rig.take()
    rig.interrupt(2, 0x40)(True)
    rig.take()
    rig.system.exception_return(0xFFFFFFF9)
    assert rig.r(CFSR) == 1 << 18
    rig = Rig()
    rig.w(CCR, 0x201)
    rig.interrupt(1, 0x80)(True)
    rig.take()
    rig.interrupt(2, 0x40)(True)
    rig.take()
    rig.system.external_line(2).set_level(False)
    rig.core.put_word(rig.core.get("sp") + 28, 0x01000000)
    rig.system.exception_return(0xFFFFFFF9)
    assert rig.running == 0


def test_stacked_number_must_fit_the_mode() -> None:
    rig = Rig()
    rig.system.svc()
    rig.core.put_word(rig.core.get("sp") + 28, 0x01000005)
    rig.ret()
    assert rig.running == HARD
    assert rig.r(CFSR) == 1 << 18


def test_stacked_thumb_bit_must_be_set() -> None:
    rig = Rig()
    rig.system.svc()
    rig.core.put_word(rig.core.get("sp") + 28, 0)
    rig.ret()
    assert rig.running == HARD
    assert rig.r(CFSR) == 1 << 17
    assert rig.core.word(rig.core.get("sp") + 24) == THREAD_CODE


def test_return_from_a_lost_stack() -> None:
    rig = Rig()
    rig.core.set("psp", 0x60000000)
    rig.system.svc()
    rig.system.exception_return(0xFFFFFFFD)
    assert rig.running == HARD
    assert rig.r(CFSR) == 1 << 11


def test_firmware_can_recover_from_a_fault() -> None:
    rig = Rig()
    rig.system.raise_fault(FaultKind.DIVIDE_BY_ZERO, pc=0x08000444)
    frame = rig.core.get("sp")
    rig.core.put_word(frame + 24, 0x08000448)
    rig.ret()
    assert (rig.running, rig.at) == (0, 0x08000448)
    assert rig.core.get("sp") == STACK_TOP


def test_report_text() -> None:
    rig = Rig()
    rig.system.raise_fault(FaultKind.BUS_DATA, pc=0x08000444, address=0x60000000)
    record = rig.system.last_fault
    assert record is not None
    assert record.summary == (
        "data access where there is no memory (address 0x60000000), at pc 0x08000444 in thread mode"
    )
    text = record.report()
    for words in ("handler: HardFault", "PRECISERR", "BFARVALID", "FORCED", "stacked: r0"):
        assert words in text
    assert record.causes[0] == "data access where there is no memory"


def test_shcsr_shows_and_sets_states() -> None:
    rig = Rig()
    rig.w(SHCSR, ENABLE_ALL)
    rig.system.raise_fault(FaultKind.DIVIDE_BY_ZERO)
    assert rig.r(SHCSR) == ENABLE_ALL | 1 << 3
    rig.w(SHCSR, ENABLE_ALL | 1 << 3 | 1 << 14)
    assert rig.system.table.is_pending(BUS)
    rig.w(SHCSR, ENABLE_ALL)
    assert not rig.system.table.is_pending(BUS)
    assert rig.system.execution_priority == 256


def test_no_image_is_told() -> None:
    rig = Rig()
    rig.core.put_word(FLASH + 4, 0xFFFFFFFE)
    with pytest.raises(GuestFault, match="reset vector"):
        rig.system.reset_core()
    with pytest.raises(GuestFault, match="no memory at the vector table"):
        Rig(vector_table=0x60000000)
