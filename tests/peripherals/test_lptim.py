"""STM32's low-power timer: counts of another clock, matches, preload, single periods, what it leaves out."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip

from peripherals.stm32.lptim import Lptim

ENABLE, SNGSTRT, CNTSTRT, COUNTRST = 1, 2, 4, 8
CMPM, ARRM, CMPOK, ARROK = 1, 2, 8, 16
LSE_HZ = 32_768


def timer(bench: Bench, *, lines: tuple[str, ...] = ("global",)) -> Lptim:
    bench.clocks.frequencies["lptim1"] = LSE_HZ
    device: Lptim = bench.build(Lptim, "lptim", lines=lines, clock="lptim1")
    return device


def started(bench: Bench, reload: int, compare: int = 0, prescaler: int = 0, config: int = 0) -> Lptim:
    device = timer(bench)
    put(device, "CFGR", prescaler << 9 | config)
    put(device, "CR", ENABLE)
    put(device, "ARR", reload)
    put(device, "CMP", compare)
    put(device, "CR", ENABLE | CNTSTRT)
    return device


def test_reset_values() -> None:
    device = timer(Bench())
    assert get(device, "ARR") == 1
    assert all(get(device, name) == 0 for name in ("ISR", "IER", "CFGR", "CR", "CMP", "CNT"))


def test_it_counts_periods_of_its_own_clock() -> None:
    """As mbed sets its tick: LSE, prescaler 1, 16 bits, continuous."""
    bench = Bench(32_768_000)  # a thousand core cycles a count
    device = started(bench, 0xFFFF)
    bench.run(999)
    assert get(device, "CNT") == 0
    bench.run(1)
    assert get(device, "CNT") == 1
    bench.run(65_535 * 1000)
    assert get(device, "CNT") == 0
    assert get(device, "ISR") == ARRM | CMPM | ARROK | CMPOK
    round_trip(device)


def test_the_prescaler_divides_by_powers_of_two() -> None:
    bench = Bench(32_768_000)
    device = started(bench, 0xFFFF, prescaler=7)
    bench.run(128 * 1000 * 3)
    assert get(device, "CNT") == 3


def test_matches_raise_the_line_at_their_cycle() -> None:
    bench = Bench(32_768_000)
    device = started(bench, 99, compare=10)
    put(device, "IER", CMPM | ARRM)
    line = bench.lines["global"]
    bench.run(10_000 - 1)
    assert not line.level
    bench.run(1)
    assert line.level
    assert get(device, "ISR") & (CMPM | ARRM) == CMPM
    put(device, "ICR", CMPM | ARRM)
    assert not line.level
    bench.run(89_000 - 1)
    assert not line.level
    bench.run(1)
    assert line.level
    assert get(device, "ISR") & (CMPM | ARRM) == ARRM
    put(device, "ICR", CMPM | ARRM)
    bench.run(11_000)
    assert get(device, "CNT") == 10
    assert line.level


def test_a_single_period_ends_at_0() -> None:
    bench = Bench(32_768_000)
    device = timer(bench)
    put(device, "CR", ENABLE)
    put(device, "ARR", 9)
    put(device, "CR", ENABLE | SNGSTRT)
    bench.run(9_000)
    assert get(device, "CNT") == 9
    bench.run(50_000)
    assert get(device, "CNT") == 0
    assert get(device, "CR") == ENABLE
    put(device, "CR", ENABLE | SNGSTRT)
    bench.run(3_000)
    assert get(device, "CNT") == 3


def test_preloads_wait_for_the_period_s_end() -> None:
    bench = Bench(32_768_000)
    device = started(bench, 9, config=1 << 22)
    bench.run(5_000)
    put(device, "ARR", 4)
    assert get(device, "ISR") & ARROK
    bench.run(4_000)
    assert get(device, "CNT") == 9
    bench.run(1_000 + 4_000)
    assert get(device, "CNT") == 4
    bench.run(1_000)
    assert get(device, "CNT") == 0


def test_a_timer_that_is_off_takes_no_values_and_stands_at_0() -> None:
    bench = Bench(32_768_000)
    device = timer(bench)
    put(device, "ARR", 50)
    assert get(device, "ARR") == 1
    assert not get(device, "ISR")
    assert bench.unmodelled[-1] == (0x18, "write", "the timer is off, and takes none")
    running = started(Bench(32_768_000), 99)
    put(running, "CR", 0)
    assert get(running, "CNT") == 0
    put(running, "CR", ENABLE | COUNTRST)
    assert get(running, "CNT") == 0


def test_what_it_does_not_model_is_said() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "CFGR", 1 << 24)
    assert bench.unmodelled[-1] == (0x0C, "write", "encoder mode")
