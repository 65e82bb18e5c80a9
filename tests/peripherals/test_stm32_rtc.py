"""STM32's real-time clock: calendar, shadow registers, wake-up timer, alarms, both layouts."""

from __future__ import annotations

import pytest
from device_bench import Bench, get, put, round_trip

from emulator.device import POWER_ON, SOFTWARE, reset_cause
from peripherals.stm32.exti import Exti, internal_signal
from peripherals.stm32.rtc import Rtc, RtcApart
from peripherals.stm32.rtc_calendar import Alarm, date_register, seconds_of, time_register

LSE_HZ = 32_768
CORE_HZ = 32_768_000
SECOND = CORE_HZ
RTCCLK = CORE_HZ // LSE_HZ
ALARM_LINE, WAKEUP_LINE = 17, 22
RSF, INITF, INIT, ALRAF, ALRBF, WUTF = 1 << 5, 1 << 6, 1 << 7, 1 << 8, 1 << 9, 1 << 10
BYPSHAD, FMT, ALRAE, ALRBE, WUTE, ALRAIE, WUTIE = 1 << 5, 1 << 6, 1 << 8, 1 << 9, 1 << 10, 1 << 12, 1 << 14
PM = 1 << 22
EVERY_FIELD = 1 << 31 | 1 << 23 | 1 << 15 | 1 << 7


def clock(bench: Bench, kind: type[Rtc] = Rtc) -> Rtc:
    bench.clocks.frequencies["rtc"] = LSE_HZ
    device: Rtc = bench.build(
        kind, "rtc", lines=("global",), clock="rtc", alarm_line=ALARM_LINE, wakeup_line=WAKEUP_LINE
    )
    put(device, "WPR", 0xCA)
    put(device, "WPR", 0x53)
    return device


def set_to(bench: Bench, device: Rtc, time: int, date: int, control: int = 0) -> None:
    """As ST's drivers do."""
    status = device.STATUS
    put(device, status, INIT | RSF)
    for _ in range(3):
        if get(device, status) & INITF:
            break
        bench.run(RTCCLK)
    assert get(device, status) & INITF
    put(device, "TR", time)
    put(device, "DR", date)
    put(device, "CR", control)
    put(device, status, RSF)


def moment(device: Rtc) -> tuple[int, int]:
    return get(device, "TR"), get(device, "DR")


def test_reset_values_and_the_date_that_it_begins_with() -> None:
    device = clock(Bench(CORE_HZ))
    assert moment(device) == (0, 0x2101)
    assert get(device, "PRER") == 0x007F00FF
    assert get(device, "ISR") == 0x07
    assert get(device, "SSR") == 255


def test_it_counts_seconds_and_parts_of_them() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    put(device, "CR", BYPSHAD)
    bench.run(SECOND // 4)
    assert get(device, "SSR") == 255 - 64
    bench.run(SECOND // 2 + SECOND // 4)
    assert (get(device, "SSR"), get(device, "TR")) == (255, 1)
    bench.run(59 * SECOND)
    assert get(device, "TR") == 0x100
    assert bench.touches
    round_trip(device)


def test_a_day_ends_a_month_and_a_leap_day() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    set_to(bench, device, 0x235958, 0x240000 | 3 << 13 | 0x228, BYPSHAD)  # Wednesday, 28 February 2024
    bench.run(SECOND)
    assert moment(device) == (0x235959, 0x240000 | 3 << 13 | 0x228)
    bench.run(SECOND)
    assert moment(device) == (0, 0x240000 | 4 << 13 | 0x229)
    bench.run(24 * 3600 * SECOND)
    assert moment(device) == (0, 0x240000 | 5 << 13 | 0x301)
    assert get(device, "ISR") & 1 << 4  # INITS: a year was set


@pytest.mark.parametrize(
    ("time", "shown"), [(0x115959, PM | 0x120000), (PM | 0x115959, 0x120000), (PM | 0x125959, PM | 0x010000)]
)
def test_twelve_hours(time: int, shown: int) -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    put(device, "CR", FMT)
    set_to(bench, device, time, 0x242101, FMT | BYPSHAD)
    bench.run(SECOND)
    assert get(device, "TR") == shown


def test_a_read_of_the_time_holds_the_date() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    set_to(bench, device, 0x235959, 0x242101)
    bench.run(SECOND // 2)
    assert get(device, "TR") == 0x235959
    bench.run(SECOND)
    assert get(device, "TR") == 0x235959
    assert get(device, "DR") == 0x242101
    assert moment(device) == (0, 0x244102)


def test_rsf_comes_two_periods_after_it_was_cleared() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    bench.run(2 * RTCCLK)
    assert get(device, "ISR") & RSF
    put(device, "ISR", 0xFFFFFFFF & ~(RSF | INIT))
    assert not get(device, "ISR") & RSF
    bench.run(2 * RTCCLK - 1)
    assert not get(device, "ISR") & RSF
    bench.run(1)
    assert get(device, "ISR") & RSF


def test_without_keys_it_takes_nothing() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    put(device, "WPR", 0xFF)
    put(device, "CR", BYPSHAD)
    put(device, "ISR", INIT)
    bench.run(SECOND)
    assert get(device, "CR") == 0
    assert not get(device, "ISR") & (INIT | INITF)
    put(device, "BKP3R", 0x12345678)
    assert get(device, "BKP3R") == 0x12345678
    put(device, "WPR", 0xCA)
    put(device, "WPR", 0x53)
    put(device, "TR", 0x010101)  # no initialization
    put(device, "CR", BYPSHAD)
    assert get(device, "CR") == BYPSHAD
    assert get(device, "TR") == 1


def test_without_a_clock_it_stands_still_and_never_gets_ready() -> None:
    bench = Bench(CORE_HZ)
    bench.clocks.frequencies["rtc"] = 0
    device: Rtc = bench.build(Rtc, "rtc", clock="rtc")
    bench.run(10 * SECOND)
    assert get(device, "TR") == 0
    assert not get(device, "ISR") & RSF
    bench.clocks.set({"rtc": LSE_HZ})
    bench.run(SECOND)
    assert get(device, "ISR") & RSF
    assert get(device, "TR") == 1


def test_another_core_clock_changes_no_time() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    put(device, "CR", BYPSHAD)
    bench.run(3 * SECOND)
    bench.clocks.set({"core": CORE_HZ * 2})
    bench.run(3 * SECOND * 2)
    assert get(device, "TR") == 6


@pytest.mark.parametrize(("select", "periods"), [(0, 16), (1, 8), (2, 4), (3, 2), (4, LSE_HZ)])
def test_the_wakeup_timer_comes_again_and_again(select: int, periods: int) -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    put(device, "WUTR", 9)
    put(device, "CR", select | WUTE | WUTIE)
    bench.run(2)  # times are whole picoseconds, rounded up: a cycle later at most
    for _ in range(3):
        bench.run(10 * periods * RTCCLK - 4)
        assert not bench.lines["global"].level
        bench.run(4)
        assert bench.lines["global"].level
        assert bench.signals.get(internal_signal(WAKEUP_LINE)) == 1
        put(device, "ISR", 0xFFFFFFFF & ~(WUTF | INIT))
        assert not bench.lines["global"].level


def test_wucksel_6_counts_65536_seconds_more() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    put(device, "WUTR", 0)
    put(device, "CR", 6 | WUTE)
    bench.run(65_536 * SECOND)
    assert not get(device, "ISR") & WUTF
    bench.run(SECOND)
    assert get(device, "ISR") & WUTF


def test_an_alarm_at_a_time_of_day() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    set_to(bench, device, 0x120000, 0x242101)
    put(device, "ALRMAR", 1 << 31 | 0x120130)
    assert get(device, "ISR") & 1
    put(device, "CR", ALRAE | ALRAIE)
    assert not get(device, "ISR") & 1  # ALRAWF
    bench.run(90 * SECOND - 1000)
    assert not get(device, "ISR") & ALRAF
    bench.run(2000)
    assert get(device, "ISR") & ALRAF
    assert bench.signals.get(internal_signal(ALARM_LINE)) == 1
    put(device, "ISR", 0xFFFFFFFF & ~(ALRAF | INIT))
    bench.run(23 * 3600 * SECOND)
    assert not get(device, "ISR") & ALRAF
    bench.run(3600 * SECOND)
    assert get(device, "ISR") & ALRAF


def test_an_alarm_of_subseconds_comes_several_times_a_second() -> None:
    """MASKSS 6: the low six bits of SSR."""
    bench = Bench(CORE_HZ)
    device = clock(bench)
    put(device, "ALRMBR", EVERY_FIELD)
    put(device, "ALRMBSSR", 6 << 24 | 0x3F)
    put(device, "CR", ALRBE)
    for _ in range(8):
        assert not get(device, "ISR") & ALRBF
        bench.run(SECOND // 4)
        assert get(device, "ISR") & ALRBF
        put(device, "ISR", 0xFFFFFFFF & ~(ALRBF | INIT))


def test_a_shift_and_summer_time() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    set_to(bench, device, 0x010000, 0x242101, BYPSHAD)
    put(device, "CR", BYPSHAD | 1 << 16)
    assert get(device, "TR") == 0x020000
    put(device, "CR", BYPSHAD | 1 << 17)
    assert get(device, "TR") == 0x010000
    put(device, "SHIFTR", 1 << 31 | 128)
    assert (get(device, "TR"), get(device, "SSR")) == (0x010000, 127)


def test_the_flags_of_the_newer_one_stand_apart() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench, RtcApart)
    set_to(bench, device, 0x120000, 0x242101)
    put(device, "WUTR", 0)
    put(device, "CR", 4 | WUTE | WUTIE)
    bench.run(SECOND)
    assert (get(device, "SR"), get(device, "MISR")) == (4, 4)
    put(device, "WPR", 0xFF)
    put(device, "SCR", 4)
    assert (get(device, "SR"), bench.lines["global"].level) == (0, False)
    round_trip(device)


def test_a_system_reset_leaves_the_calendar_alone() -> None:
    bench = Bench(CORE_HZ)
    device = clock(bench)
    set_to(bench, device, 0x120000, 0x242101, BYPSHAD)
    put(device, "BKP0R", 7)
    bench.signals.set(reset_cause(SOFTWARE), 1)
    device.reset()
    bench.signals.set(reset_cause(SOFTWARE), 0)
    assert (get(device, "TR"), get(device, "BKP0R")) == (0x120000, 7)
    put(device, "CR", 0)
    assert get(device, "CR") == BYPSHAD  # the keys are wanted again
    bench.signals.set(reset_cause(POWER_ON), 1)
    device.reset()
    assert moment(device) == (0, 0x2101)
    assert get(device, "BKP0R") == 0


def test_exti_sees_the_edge() -> None:
    bench = Bench(CORE_HZ)
    exti: Exti = bench.build(Exti, "exti", base=0x1000, lines=("line22",), banks=1)
    put(exti, "IMR1", 1 << WAKEUP_LINE)
    put(exti, "RTSR1", 1 << WAKEUP_LINE)
    device = clock(bench)
    put(device, "WUTR", 0)
    put(device, "CR", 4 | WUTE | WUTIE)
    bench.run(SECOND)
    assert bench.lines["line22"].level
    put(exti, "PR1", 1 << WAKEUP_LINE)
    assert not bench.lines["line22"].level


def test_an_alarm_of_the_31st_or_of_a_weekday() -> None:
    second, shift = seconds_of(0x080000, 0x240201 | 4 << 13, twelve=False)  # Thursday, 1 February 2024
    found = Alarm(0x31000000 | 0x010203, twelve=False, weekday_shift=shift).next_second(second)
    assert found is not None
    assert date_register(found, shift) & 0xFF1FFF == 0x240331
    assert time_register(found, twelve=False) == 0x010203
    monday = Alarm(1 << 30 | 1 << 24 | 0x080000, twelve=False, weekday_shift=shift).next_second(second)
    assert monday == second + 4 * 86_400
    assert Alarm(0x32000000, twelve=False, weekday_shift=shift).next_second(second) is None
