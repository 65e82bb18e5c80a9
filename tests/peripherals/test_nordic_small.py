"""Watchdog, random numbers, temperature and mutexes of nRF52 and nRF53 on the bench."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip
from nordic_bench import LOW_HZ, MS, SECOND, US, clear, clocked_bench, do, happened

from emulator.device import reset_cause
from peripherals.nordic.ipc import Mutex
from peripherals.nordic.small import Rng, Temp
from peripherals.nordic.spu import Spu
from peripherals.nordic.watchdog import Wdt


def test_watchdog_bites_unless_every_reload_register_is_asked() -> None:
    bench = clocked_bench()
    device = bench.build(Wdt, "wdt", lines=("global",))
    put(device, "CRV", LOW_HZ - 1)  # a second
    put(device, "RREN", 3)
    do(device, "START")
    put(device, "CRV", 5)
    assert get(device, "CRV") == LOW_HZ - 1, "locked"
    bench.run(SECOND * 9 // 10)
    put(device, "RR0", 0x6E524635)
    assert get(device, "REQSTATUS") == 2
    put(device, "RR1", 0x6E524635)
    bench.run(SECOND * 9 // 10)
    assert not bench.resets
    put(device, "RR0", 0x6E524635)
    bench.run(SECOND * 2 // 10)
    assert bench.resets
    assert happened(device, "TIMEOUT")
    assert bench.signals.get(reset_cause("watchdog"))


def test_random_numbers_come_one_by_one_and_again() -> None:
    sequences = []
    for _ in range(2):
        bench = clocked_bench()
        device = bench.build(Rng, "rng", lines=("global",))
        do(device, "START")
        values = []
        for _ in range(50):
            bench.run(30 * US)
            assert happened(device, "VALRDY")
            clear(device, "VALRDY")
            values.append(get(device, "VALUE"))
        sequences.append(values)
        put(device, "SHORTS", 1)
        bench.run(30 * US)
        clear(device, "VALRDY")
        bench.run(MS)
        assert not happened(device, "VALRDY")
    assert sequences[0] == sequences[1]
    assert len(set(sequences[0])) > 40


def test_temperature() -> None:
    bench = clocked_bench()
    device = bench.build(Temp, "temp", lines=("global",))
    do(device, "START")
    bench.run(36 * US)
    assert happened(device, "DATARDY")
    assert get(device, "TEMP") == 25 * 4


def test_mutexes() -> None:
    bench = Bench()
    mutex = bench.build(Mutex, "mutex")
    assert get(mutex, "MUTEX4") == 0
    assert get(mutex, "MUTEX4") == 1
    put(mutex, "MUTEX4", 1)
    assert get(mutex, "MUTEX4") == 1
    put(mutex, "MUTEX4", 0)
    assert get(mutex, "MUTEX4") == 0
    round_trip(mutex)


def test_the_system_protection_unit_stores_permissions_and_locks() -> None:
    """nRF5340's reset values: TrustZone is there, everything is secure (chapter "SPU")."""
    bench = clocked_bench()
    device = bench.build(Spu, "spu", lines=("global",))
    assert get(device, "CAP") == 1
    assert get(device, "FLASHREGION63_PERM") == get(device, "RAMREGION0_PERM") == 0x17
    put(device, "FLASHREGION63_PERM", 0x7)
    put(device, "PERIPHID8_PERM", 0)
    put(device, "CAP", 0)
    assert (get(device, "FLASHREGION63_PERM"), get(device, "CAP")) == (0x7, 1)
    assert get(device, "PERIPHID8_PERM") == 1 << 31 | 0x2, "what kind of device it is stays"
    assert not happened(device, "FLASHACCERR")
    round_trip(device)
    device.reset()
    assert get(device, "FLASHREGION63_PERM") == 0x17
