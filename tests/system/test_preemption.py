"""Priorities, grouping, masks, what a native hook must watch, WFI and WFE."""

from __future__ import annotations

import itertools

import pytest
from fake_core import Rig

IRQ = 16
AIRCR, ICSR, SCR, SHPR2, SHPR3 = 0xE000ED0C, 0xE000ED04, 0xE000ED10, 0xE000ED1C, 0xE000ED20
PENDSVSET, PENDSTSET, NMIPENDSET = 1 << 28, 1 << 26, 1 << 31


def group(rig: Rig, prigroup: int) -> None:
    rig.w(AIRCR, 0x05FA0000 | prigroup << 8)


def test_lower_value_wins_then_lower_number() -> None:
    rig = Rig()
    for number, priority in ((5, 0x80), (7, 0x40), (6, 0x40)):
        rig.interrupt(number, priority)(True)
    rig.take()
    assert rig.running == IRQ + 6
    assert not rig.system.preempts()


def test_only_implemented_priority_bits_remain() -> None:
    rig = Rig(priority_bits=3)
    rig.w(0xE000E404, 0xFFFFFFFF)
    assert rig.r(0xE000E404) == 0xE0E0E0E0
    assert rig.r(0xE000E406, 1) == 0xE0


def test_subpriority_orders_but_does_not_preempt() -> None:
    rig = Rig()
    group(rig, 5)  # two group bits, two subpriority bits
    rig.interrupt(1, 0x70)(True)
    rig.take()
    rig.interrupt(2, 0x40)(True)
    assert not rig.system.preempts(), "same group"
    rig.interrupt(3, 0x30)(True)
    assert rig.system.preempts()
    rig.take()
    assert rig.running == IRQ + 3


def test_subpriority_orders_pending_ones() -> None:
    rig = Rig()
    group(rig, 7)
    rig.interrupt(1, 0x70)(True)
    rig.interrupt(2, 0x40)(True)
    rig.take()
    assert rig.running == IRQ + 2


def test_aircr_needs_its_key() -> None:
    rig = Rig()
    rig.w(AIRCR, 0x12340704)
    assert rig.r(AIRCR) == 0xFA050000
    assert not rig.resets
    rig.w(AIRCR, 0x05FA0304)
    assert rig.r(AIRCR) == 0xFA050300
    assert rig.resets == ["AIRCR.SYSRESETREQ"]


@pytest.mark.parametrize(
    ("mask", "value", "blocked"),
    [
        ("primask", 1, True),
        ("faultmask", 1, True),
        ("basepri", 0x40, True),
        ("basepri", 0x30, True),
        ("basepri", 0x50, False),
        ("basepri", 0, False),
    ],
)
def test_masks(mask: str, value: int, blocked: bool) -> None:
    rig = Rig()
    rig.interrupt(1, 0x40)(True)
    rig.core.set(mask, value)
    assert rig.system.preempts() is not blocked
    assert (rig.system.blocked_only_by_masks() is not None) is blocked


def test_nmi_ignores_all_masks_and_hardfault_priority() -> None:
    rig = Rig()
    for mask in ("primask", "faultmask"):
        rig.core.set(mask, 1)
    rig.w(ICSR, NMIPENDSET)
    assert rig.system.blocked_only_by_masks() is None
    rig.take()
    assert rig.running == 2
    assert rig.system.execution_priority == -2
    rig.ret()
    assert rig.core.get("faultmask") == 1, "a return from NMI keeps FAULTMASK"


def test_return_clears_faultmask() -> None:
    rig = Rig()
    rig.interrupt(1)(True)
    rig.take()
    rig.core.set("faultmask", 1)
    rig.system.external_line(1).set_level(False)
    rig.ret()
    assert rig.core.get("faultmask") == 0


def test_what_the_hook_watches_agrees_with_preempts() -> None:
    """The documented comparison gives the same answer as the whole rule, for all groups."""
    for prigroup, priority in itertools.product(range(8), (0x00, 0x10, 0x40, 0x70, 0xF0)):
        rig = Rig()
        group(rig, prigroup)
        rig.interrupt(1, priority)(True)
        rig.core.set("primask", 1)
        value = rig.system.blocked_only_by_masks()
        assert value is not None
        for primask, faultmask, basepri in itertools.product((0, 1), (0, 1), range(0, 256, 16)):
            rig.core.set_many(("primask", "faultmask", "basepri"), (primask, faultmask, basepri))
            blocked = bool(faultmask or (value >= 0 and (primask or (basepri != 0 and value >= basepri))))
            assert rig.system.preempts() is not blocked, (prigroup, priority, primask, faultmask, basepri)


def test_nothing_to_watch_when_a_handler_blocks_anyway() -> None:
    rig = Rig()
    rig.interrupt(1, 0x40)(True)
    rig.take()
    rig.interrupt(2, 0x80)(True)
    rig.core.set("primask", 1)
    assert rig.system.blocked_only_by_masks() is None


def test_every_change_is_told() -> None:
    rig = Rig()
    for action in (
        lambda: rig.interrupt(1, 0x40)(True),
        lambda: rig.w(0xE000E180, 2),
        lambda: rig.w(0xE000E100, 2),
        lambda: rig.w(0xE000E401, 0x20, 1),
        lambda: rig.w(ICSR, PENDSVSET),
        lambda: group(rig, 3),
        rig.take,
    ):
        before = rig.changes
        action()
        assert rig.changes > before


def test_pendsv_and_systick_priorities_and_pending_bits() -> None:
    rig = Rig()
    rig.w(SHPR3, 0xF0E00000)
    assert rig.r(SHPR3) == 0xF0E00000
    assert rig.r(SHPR3 + 2, 1) == 0xE0
    rig.w(ICSR, PENDSVSET | PENDSTSET)
    assert rig.r(ICSR) == PENDSVSET | PENDSTSET | 14 << 12 | 1 << 11
    rig.take()
    assert rig.running == 14
    rig.w(ICSR, 1 << 25)
    assert not rig.r(ICSR) & PENDSTSET
    assert rig.ret() == (10, False)


def test_pendsv_waits_for_the_interrupt() -> None:
    rig = Rig()
    rig.w(SHPR3, 0xF0F00000)
    line = rig.interrupt(4, 0x40)
    line(True)
    rig.take()
    rig.w(ICSR, PENDSVSET)
    assert not rig.system.preempts()
    line(False)
    assert rig.ret() == (6, False)
    assert rig.running == 14


def test_svc_comes_before_lower_interrupts_and_is_late_for_higher_ones() -> None:
    rig = Rig()
    rig.w(SHPR2, 0x40 << 24)
    low = rig.interrupt(1, 0x80)
    low(True)
    rig.system.svc()
    assert rig.running == 11
    low(False)
    rig.w(0xE000E280, 2)
    rig.ret()
    rig.interrupt(2, 0x10)(True)
    rig.system.svc()
    assert rig.running == IRQ + 2
    rig.system.external_line(2).set_level(False)
    assert rig.ret() == (6, False)
    assert rig.running == 11


def test_vectpending_heeds_basepri_but_not_primask() -> None:
    rig = Rig()
    rig.interrupt(1, 0x40)(True)
    rig.core.set("primask", 1)
    assert rig.r(ICSR) >> 12 & 0x1FF == IRQ + 1
    rig.core.set("basepri", 0x40)
    assert rig.r(ICSR) >> 12 & 0x1FF == 0
    assert rig.r(ICSR) & 1 << 22


def test_armv6m_has_four_priorities_in_the_top_bits() -> None:
    rig = Rig("cortex-m0plus", interrupts=32, priority_bits=2)
    rig.w(0xE000E400, 0xFF804001)
    assert rig.r(0xE000E400) == 0xC0804000
    rig.interrupt(1, 0x40)(True)
    rig.core.set("primask", 1)
    assert rig.system.blocked_only_by_masks() == 0x7F
    rig.core.set("primask", 0)
    rig.take()
    rig.interrupt(0, 0x00)(True)
    rig.take()
    assert rig.running == IRQ


# -- NVIC registers ---------------------------------------------------------------------
def test_set_and_clear_registers() -> None:
    rig = Rig()
    rig.w(0xE000E104, 0xFFFFFFFF)
    assert rig.r(0xE000E104) == 0xFF, "40 lines: the second word has 8"
    rig.w(0xE000E184, 0x0F)
    assert rig.r(0xE000E184) == 0xF0
    rig.w(0xE000E204, 0x10)
    assert rig.r(0xE000E204) == rig.r(0xE000E284) == 0x10
    rig.take()
    assert rig.r(0xE000E304) == 0x10
    assert rig.r(0xE000E204) == 0
    assert rig.r(0xE000E004) == 1, "ICTR"


def test_byte_store_to_a_set_register_touches_that_byte_alone() -> None:
    rig = Rig()
    rig.w(0xE000E101, 0x80, 1)
    assert rig.r(0xE000E100) == 0x8000


def test_pending_stays_when_the_line_falls_and_cant_be_cleared_while_it_is_up() -> None:
    rig = Rig()
    line = rig.system.external_line(3)
    line.set_level(True)
    rig.w(0xE000E280, 8)
    assert rig.r(0xE000E200) == 8
    line.set_level(False)
    assert rig.r(0xE000E200) == 8
    rig.w(0xE000E280, 8)
    assert rig.r(0xE000E200) == 0


def test_edge_while_active_pends_once_more() -> None:
    rig = Rig()
    line = rig.interrupt(3)
    line(True)
    rig.take()
    assert rig.r(0xE000E200) == 0
    line(False)
    line(True)
    line(False)
    assert rig.r(0xE000E200) == 8
    assert rig.ret() == (6, False)


def test_stir_and_lines_beyond_the_last() -> None:
    rig = Rig()
    rig.w(0xE000EF00, 39)
    assert rig.r(0xE000E204) == 0x80
    rig.w(0xE000EF00, 40)
    assert rig.r(0xE000E204) == 0x80
    with pytest.raises(ValueError, match="0 to 39"):
        rig.system.external_line(40)


# -- sleep and events -------------------------------------------------------------------
def test_wfi_wakes_despite_primask_but_not_despite_basepri_or_disable() -> None:
    rig = Rig()
    assert not rig.system.wake_pending()
    line = rig.system.external_line(1)
    line.set_level(True)
    assert not rig.system.wake_pending(), "not enabled"
    rig.interrupt(1, 0x40)
    rig.core.set("primask", 1)
    assert rig.system.wake_pending()
    assert not rig.system.preempts()
    rig.core.set("basepri", 0x40)
    assert not rig.system.wake_pending()


def test_sevonpend_sets_the_event_for_a_disabled_interrupt() -> None:
    rig = Rig()
    line = rig.system.external_line(1)
    line.set_level(True)
    assert not rig.system.wait_for_event()
    rig.w(0xE000E280, 2)
    line.set_level(False)
    rig.w(0xE000E280, 2)
    rig.w(SCR, 0x10)
    line.set_level(True)
    assert rig.system.wait_for_event()
    assert not rig.system.wait_for_event()
    rig.system.send_event()
    assert rig.system.wake_event()


def test_wfe_wakes_for_an_exception_that_will_be_taken() -> None:
    rig = Rig()
    rig.interrupt(1)(True)
    assert rig.system.wake_event()
    rig.core.set("primask", 1)
    assert not rig.system.wake_event()
