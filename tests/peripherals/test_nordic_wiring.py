"""PPI and DPPI of nRF52 and nRF53 on the bench, and what they wire."""

from __future__ import annotations

from typing import Any

from device_bench import Bench, get, offset_of, put, round_trip
from nordic_bench import US, captured, clear, clocked_bench, do, happened

from peripherals.nordic.dppi import Dppic
from peripherals.nordic.egu import Egu
from peripherals.nordic.ppi import Ppi
from peripherals.nordic.timer import Timer


def at(device: Any, register: str) -> int:
    return int(device.context.base) + offset_of(device, register)


def wired(bench: Bench) -> tuple[Ppi, Timer, Egu]:
    ppi = bench.build(Ppi, "ppi", base=0x4001F000)
    counter = bench.build(Timer, "timer1", base=0x40009000, lines=("timer1",))
    put(counter, "MODE", 1)
    return ppi, counter, bench.build(Egu, "egu0", base=0x40014000)


def test_a_channel_leads_an_event_to_two_tasks() -> None:
    bench = clocked_bench()
    ppi, counter, egu = wired(bench)
    put(ppi, "CH3_EEP", at(egu, "EVENTS_TRIGGERED2"))
    put(ppi, "CH3_TEP", at(counter, "TASKS_COUNT"))
    put(ppi, "FORK3_TEP", at(egu, "TASKS_TRIGGER5"))
    do(egu, "TRIGGER2")
    assert captured(counter) == 0, "the channel is off"
    put(ppi, "CHENSET", 1 << 3)
    do(egu, "TRIGGER2")
    do(egu, "TRIGGER2")
    assert captured(counter) == 2
    assert happened(egu, "TRIGGERED5")
    put(ppi, "CHENCLR", 1 << 3)
    do(egu, "TRIGGER2")
    assert captured(counter) == 2
    round_trip(ppi)


def test_groups_switch_channels() -> None:
    bench = clocked_bench()
    ppi, counter, egu = wired(bench)
    put(ppi, "CH0_EEP", at(egu, "EVENTS_TRIGGERED0"))
    put(ppi, "CH0_TEP", at(counter, "TASKS_COUNT"))
    put(ppi, "CH1_EEP", at(egu, "EVENTS_TRIGGERED1"))
    put(ppi, "CH1_TEP", at(ppi, "TASKS_CHG2_EN"))
    put(ppi, "CHG2", 1 << 0)
    put(ppi, "CHENSET", 1 << 1)
    do(egu, "TRIGGER0")
    do(egu, "TRIGGER1")
    assert get(ppi, "CHEN") == 3
    do(egu, "TRIGGER0")
    assert captured(counter) == 1
    put(ppi, "TASKS_CHG2_DIS", 1)
    assert get(ppi, "CHEN") == 2


def test_a_restored_channel_hears_its_event() -> None:
    bench = clocked_bench()
    ppi, counter, egu = wired(bench)
    put(ppi, "CH0_EEP", at(egu, "EVENTS_TRIGGERED0"))
    put(ppi, "CH0_TEP", at(counter, "TASKS_COUNT"))
    put(ppi, "CHENSET", 1)
    state = ppi.save()
    other = clocked_bench()
    ppi, counter, egu = wired(other)
    ppi.load(state)
    do(egu, "TRIGGER0")
    assert captured(counter) == 1


def test_a_timers_period_reaches_tasks_without_the_core() -> None:
    """The deadlines of events that only PPI hears are kept though their registers are never cleared."""
    bench = clocked_bench()
    ppi, counter, _egu = wired(bench)
    pace = bench.build(Timer, "timer0", base=0x40008000, lines=("timer0",))
    put(pace, "PRESCALER", 4)
    put(pace, "CC0", 100)
    put(pace, "SHORTS", 1)
    put(ppi, "CH0_EEP", at(pace, "EVENTS_COMPARE0"))
    put(ppi, "CH0_TEP", at(counter, "TASKS_COUNT"))
    put(ppi, "CHENSET", 1)
    do(pace, "START")
    bench.run(1050 * US)
    assert captured(counter) == 10


def test_the_radios_channels_are_told() -> None:
    bench = clocked_bench()
    ppi, _counter, _egu = wired(bench)
    put(ppi, "CHENSET", 1 << 26)
    assert "radio" in bench.unmodelled[-1][2]


def test_dppi_leads_what_is_published_to_subscribers() -> None:
    bench = clocked_bench()
    dppic = bench.build(Dppic, "dppic", dppi=True)
    egu = bench.build(Egu, "egu0", lines=("global",), dppi=True)
    counter = bench.build(Timer, "timer1", lines=("timer1",), dppi=True)
    put(counter, "MODE", 1)
    put(egu, "PUBLISH_TRIGGERED0", 1 << 31 | 7)
    put(counter, "SUBSCRIBE_COUNT", 1 << 31 | 7)
    do(egu, "TRIGGER0")
    assert captured(counter) == 0, "the channel is off"
    put(dppic, "CHENSET", 1 << 7)
    do(egu, "TRIGGER0")
    assert captured(counter) == 1
    put(dppic, "CHG0", 1 << 7)
    put(dppic, "SUBSCRIBE_DISABLE0", 1 << 31 | 7)
    do(egu, "TRIGGER0")
    do(egu, "TRIGGER0")
    assert captured(counter) == 2, "the channel switched itself off"
    for device in (dppic, egu, counter):
        round_trip(device)


def test_software_interrupts() -> None:
    bench = Bench()
    egu = bench.build(Egu, "egu0", lines=("global",))
    put(egu, "INTEN", 1 << 9)
    do(egu, "TRIGGER8")
    assert not bench.lines["global"].level
    do(egu, "TRIGGER9")
    assert bench.lines["global"].level
    clear(egu, "TRIGGERED9")
    assert not bench.lines["global"].level
