"""STM32F1's real-time clock: prescaler, counter, alarm, overflow, configuration mode."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip

from emulator.device import SOFTWARE, reset_cause
from peripherals.stm32.exti import internal_signal
from peripherals.stm32.rtc_f1 import RtcF1

LSE_HZ = 32_768
CORE_HZ = 32_768_000
SECOND = CORE_HZ
SECF, ALRF, OWF, RSF, CNF, RTOFF = 1, 2, 4, 8, 16, 32
ALARM_LINE = 17


def clock(bench: Bench, count: int = 0, alarm: int = 0xFFFFFFFF) -> RtcF1:
    """As ST's drivers set it: a second a count."""
    bench.clocks.frequencies["rtc"] = LSE_HZ
    device: RtcF1 = bench.build(RtcF1, "rtc", lines=("global",), clock="rtc", alarm_line=ALARM_LINE)
    put(device, "CRL", CNF)
    put(device, "PRLH", 0)
    put(device, "PRLL", LSE_HZ - 1)
    put(device, "CNTH", count >> 16)
    put(device, "CNTL", count & 0xFFFF)
    put(device, "ALRH", alarm >> 16)
    put(device, "ALRL", alarm & 0xFFFF)
    put(device, "CRL", 0)
    return device


def count(device: RtcF1) -> int:
    return get(device, "CNTH") << 16 | get(device, "CNTL")


def test_it_counts_seconds_from_where_it_was_set() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench, count=0x1FFFE)
    assert count(device) == 0x1FFFE
    bench.run(SECOND // 4)
    assert get(device, "DIVL") == LSE_HZ - 1 - LSE_HZ // 4
    bench.run(SECOND * 3)
    assert count(device) == 0x20001
    assert bench.touches
    round_trip(device)


def test_outside_configuration_mode_it_takes_nothing() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench, count=5)
    for register in ("PRLL", "CNTL", "ALRL"):
        put(device, register, 77)
    bench.run(SECOND)
    assert count(device) == 6
    assert get(device, "ALRL") == 0xFFFF
    assert get(device, "CRL") & RTOFF


def test_seconds_interrupt() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    put(device, "CRH", SECF)
    for _ in range(3):
        bench.run(SECOND - 4)
        assert not bench.lines["global"].level
        bench.run(4)
        assert bench.lines["global"].level
        put(device, "CRL", 0xFFFF & ~(SECF | CNF))
        assert not bench.lines["global"].level


def test_the_alarm_rises_when_its_count_is_over_and_drives_exti() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench, count=10, alarm=12)
    put(device, "CRH", ALRF)
    bench.run(2 * SECOND + SECOND // 2)
    assert count(device) == 12
    assert not get(device, "CRL") & ALRF
    bench.run(SECOND)
    assert get(device, "CRL") & ALRF
    assert bench.lines["global"].level
    assert bench.signals.get(internal_signal(ALARM_LINE)) == 1
    put(device, "CRL", 0xFFFF & ~(ALRF | CNF))
    assert bench.signals.get(internal_signal(ALARM_LINE)) == 0
    bench.run(100 * SECOND)
    assert not get(device, "CRL") & ALRF


def test_an_overflow() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench, count=0xFFFFFFFE)
    bench.run(SECOND)
    assert not get(device, "CRL") & OWF
    bench.run(SECOND)
    assert get(device, "CRL") & OWF
    assert count(device) == 0


def test_rsf_and_a_clock_that_stands_still() -> None:
    bench = Bench(CORE_HZ)
    bench.clocks.frequencies["rtc"] = 0
    device: RtcF1 = bench.build(RtcF1, "rtc", clock="rtc")
    bench.run(SECOND)
    assert not get(device, "CRL") & RSF
    bench.clocks.set({"rtc": LSE_HZ})
    bench.run(SECOND)
    assert get(device, "CRL") & RSF
    assert (count(device), get(device, "CRL") & RTOFF) == (0, RTOFF)  # 32,769 periods a count


def test_a_system_reset_leaves_the_count_alone() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench, count=7)
    put(device, "CRH", SECF)
    bench.run(SECOND)
    bench.signals.set(reset_cause(SOFTWARE), 1)
    device.reset()
    assert (count(device), get(device, "CRH")) == (8, 0)
