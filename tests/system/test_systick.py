"""SysTick against a counter that ticks one by one."""

from __future__ import annotations

import random

import pytest
from fake_core import Rig

CSR, RVR, CVR, CALIB, ICSR = 0xE000E010, 0xE000E014, 0xE000E018, 0xE000E01C, 0xE000ED04
PENDSTSET, PENDSTCLR = 1 << 26, 1 << 25


class TickingCounter:
    """The architecture's counter, one step at a time."""

    def __init__(self) -> None:
        self.value = self.reload = 0
        self.enabled = self.interrupts = self.flag = self.pending = False

    def tick(self) -> None:
        if not self.enabled:
            return
        if self.value == 0:
            self.value = self.reload
            return
        self.value -= 1
        if self.value == 0:
            self.flag = True
            self.pending = self.pending or self.interrupts


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("divider", [1, 8])
def test_against_a_ticking_counter(seed: int, divider: int) -> None:
    chance = random.Random(seed)
    rig = Rig(systick_reference_hz=lambda: rig.clock.core_hz // 8)
    reference = TickingCounter()
    source = 4 if divider == 1 else 0
    rig.w(CSR, source)
    phase = 0
    for _ in range(200):
        step = chance.choice((0, 1, 2, 5, 17, 100, 900))
        rig.run(step)
        for _ in range(step):
            phase += 1
            if phase == divider:
                phase = 0
                reference.tick()
        action = chance.randrange(8)
        if action == 0:
            reference.reload = chance.choice((0, 1, 3, 50))
            rig.w(RVR, reference.reload)
        elif action == 1:
            rig.w(CVR, 123)
            reference.value, reference.flag = 0, False
        elif action == 2:
            enabled = chance.random() < 0.8
            if enabled != reference.enabled:
                phase = 0
            reference.enabled, reference.interrupts = enabled, chance.random() < 0.5
            rig.w(CSR, source | reference.enabled | reference.interrupts << 1)
        elif action == 3:
            expected = source | reference.enabled | reference.interrupts << 1 | reference.flag << 16
            assert rig.r(CSR) == expected
            reference.flag = False
        elif action == 4:
            assert bool(rig.r(ICSR) & PENDSTSET) is reference.pending
            rig.w(ICSR, PENDSTCLR)
            reference.pending = False
        else:
            assert rig.r(CVR) == reference.value


def test_first_interrupt_comes_after_reload_plus_one_cycles() -> None:
    rig = Rig()
    rig.w(RVR, 99)
    rig.w(CVR, 0)
    rig.w(CSR, 7)
    assert rig.clock.next_cycles() == 100
    rig.run(99)
    assert not rig.system.preempts()
    rig.run(1)
    assert rig.system.preempts()
    rig.take()
    assert rig.running == 15
    assert rig.clock.next_cycles() == 200


def test_no_deadline_without_interrupt() -> None:
    rig = Rig()
    rig.w(RVR, 99)
    rig.w(CSR, 5)
    assert rig.clock.next_cycles() > 1 << 60
    rig.run(12345)
    assert rig.r(CVR) == 99 - (12345 - 1) % 100
    assert rig.r(CSR) == 5 | 1 << 16
    assert rig.r(CSR) == 5
    assert rig.touches == 3


def test_a_read_in_the_middle_of_a_block_pends_at_once() -> None:
    """Time may have passed a deadline that is served only at the next block."""
    rig = Rig()
    rig.w(RVR, 9)
    rig.w(CSR, 7)
    rig.cycles += 25
    assert rig.r(CVR) == 9 - 4
    assert rig.r(ICSR) & PENDSTSET
    rig.w(ICSR, PENDSTCLR)
    rig.clock.run_due(rig.cycles)
    assert not rig.r(ICSR) & PENDSTSET
    assert rig.clock.next_cycles() == 30


def test_reference_clock_survives_a_change_of_the_core_clock() -> None:
    rig = Rig(systick_reference_hz=lambda: 1_000_000)
    rig.w(RVR, 999)
    rig.w(CSR, 3)
    rig.run(50_000)
    assert rig.r(CVR) == 1000 - 500
    rig.system.before_clock_change()
    rig.clock.set_core_hz(10_000_000)
    rig.system.clock_changed()
    assert rig.clock.next_cycles() == 50_000 + 5_000
    rig.run(1000)
    assert rig.r(CVR) == 1000 - 600


def test_calibration_and_missing_reference() -> None:
    assert Rig().r(CALIB) == 0xC0000000
    rig = Rig(systick_reference_hz=lambda: 1, systick_calibration=0x4000270F)
    assert rig.r(CALIB) == 0x4000270F
    rig.w(CSR, 0)
    assert rig.r(CSR) == 0
    rig = Rig()
    rig.w(CSR, 0)
    assert rig.r(CSR) == 4, "no reference clock: CLKSOURCE reads as one"
