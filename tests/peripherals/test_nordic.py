"""nRF52 and nRF53: events, clocks, UART and UARTE, timers, real-time counters, pins, small devices."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, offset_of, put, round_trip

from emulator.device import SOFTWARE, reset_cause
from peripherals.nordic.cache import Cache
from peripherals.nordic.dppi import Dppic
from peripherals.nordic.egu import Egu
from peripherals.nordic.gpio import Gpio
from peripherals.nordic.gpiote import Gpiote
from peripherals.nordic.information_page import InformationPage
from peripherals.nordic.ipc import Ipc, Mutex
from peripherals.nordic.nrf53_clock import Nrf53Clock
from peripherals.nordic.nvmc import Nvmc
from peripherals.nordic.power_clock import PowerClock
from peripherals.nordic.ppi import Ppi
from peripherals.nordic.rtc import Rtc
from peripherals.nordic.small import Rng, Temp
from peripherals.nordic.timer import Timer
from peripherals.nordic.uarte import Uarte
from peripherals.nordic.watchdog import Wdt

CORE_HZ, PERIPHERAL_CYCLES, LOW_HZ = 64_000_000, 4, 32_768
MS = CORE_HZ // 1000
RUNNING, CRYSTAL = 1 << 16, 1


def clocked() -> tuple[Bench, PowerClock]:
    bench = Bench(CORE_HZ)
    return bench, bench.build(PowerClock, "power_clock", lines=("global",))


def do(device: Any, task: str) -> None:
    put(device, f"TASKS_{task}", 1)


def happened(device: Any, event: str) -> bool:
    return bool(get(device, f"EVENTS_{event}"))


def clear(device: Any, event: str) -> None:
    put(device, f"EVENTS_{event}", 0)


# -- clocks, causes -----------------------------------------------------------------------------
def test_the_crystal_takes_its_time_and_interrupts() -> None:
    bench, clock = clocked()
    assert get(clock, "HFCLKSTAT") == RUNNING
    put(clock, "INTENSET", 1)
    do(clock, "HFCLKSTART")
    bench.run(360 * MS // 1000 - 1)
    assert not happened(clock, "HFCLKSTARTED")
    bench.run(1)
    assert happened(clock, "HFCLKSTARTED")
    assert get(clock, "HFCLKSTAT") == RUNNING | CRYSTAL
    assert bench.lines["global"].level
    clear(clock, "HFCLKSTARTED")
    assert not bench.lines["global"].level
    do(clock, "HFCLKSTOP")
    assert get(clock, "HFCLKSTAT") == RUNNING
    round_trip(clock)


def test_the_low_clock_runs_from_its_oscillator_until_the_crystal_is_stable() -> None:
    bench, clock = clocked()
    put(clock, "LFCLKSRC", 1)
    do(clock, "LFCLKSTART")
    assert bench.clocks.hz("lfclk") == 0
    bench.run(MS)
    assert bench.clocks.hz("lfclk") == LOW_HZ
    assert get(clock, "LFCLKSTAT") == RUNNING
    assert not happened(clock, "LFCLKSTARTED")
    bench.run(250 * MS)
    assert happened(clock, "LFCLKSTARTED")
    assert get(clock, "LFCLKSTAT") == RUNNING | CRYSTAL
    do(clock, "LFCLKSTOP")
    assert bench.clocks.hz("lfclk") == 0


def test_what_outlives_a_reset() -> None:
    bench, clock = clocked()
    put(clock, "GPREGRET", 0x57)
    put(clock, "DCDCEN", 1)
    bench.signals.set(reset_cause(SOFTWARE), 1)
    clock.reset()
    bench.signals.set(reset_cause(SOFTWARE), 0)
    assert get(clock, "GPREGRET") == 0x57
    assert get(clock, "DCDCEN") == 0
    assert get(clock, "RESETREAS") == 1 << 2
    put(clock, "RESETREAS", 1 << 2)
    assert get(clock, "RESETREAS") == 0


# -- UART and UARTE ------------------------------------------------------------------------------
RATES = {
    0x0004F000: 1205, 0x0009D000: 2396, 0x0013B000: 4808, 0x00275000: 9598, 0x003AF000: 14401,
    0x004EA000: 19208, 0x0075C000: 28777, 0x009D0000: 38369, 0x00EB0000: 57554, 0x013A9000: 76923,
    0x01D60000: 115108, 0x03B00000: 231884, 0x04000000: 250000, 0x07400000: 457143, 0x0F000000: 941176,
    0x10000000: 1000000,
}  # fmt: skip
"""nRF52840 PS, UARTE, BAUDRATE: the actual rates."""
RAM = 0x20000100


def uarte(bench: Bench, mode: int = 8, baudrate: int = 0x10000000, **parameters: Any) -> Uarte:
    bench.clocks.frequencies["pclk16m"] = 16_000_000
    device: Uarte = bench.build(Uarte, "uarte", lines=("global",), **parameters)
    put(device, "PSEL_TXD", 6)
    put(device, "PSEL_RXD", 8)
    put(device, "BAUDRATE", baudrate)
    put(device, "ENABLE", mode)
    return device


CHARACTER = 10 * 16 * PERIPHERAL_CYCLES
"""Cycles of one at 1 Mbit/s."""


@pytest.mark.parametrize(("register", "baud"), RATES.items())
def test_baud_rates_are_those_of_the_manual(register: int, baud: int) -> None:
    bench = Bench(CORE_HZ)
    device = uarte(bench, baudrate=register)
    do(device, "STARTTX")
    assert bench.serial.bauds[-1] == baud


def test_byte_registers_send_and_receive() -> None:
    bench = Bench(CORE_HZ)
    device = uarte(bench, mode=4)
    put(device, "TXD", 0x41)
    bench.run(2 * CHARACTER)
    assert bench.serial.sent == [], "nothing is sent before STARTTX"
    do(device, "STARTTX")
    put(device, "TXD", 0x42)
    bench.run(CHARACTER)
    assert bench.serial.sent == [0x42]
    assert happened(device, "TXDRDY")
    do(device, "STARTRX")
    bench.serial.feed(b"xyz")
    bench.run(3 * CHARACTER)
    for expected in b"xyz":
        assert happened(device, "RXDRDY")
        clear(device, "RXDRDY")
        assert get(device, "RXD") == expected
    assert not happened(device, "RXDRDY")
    assert not happened(device, "ERROR")


def test_dma_sends_a_buffer() -> None:
    bench = Bench(CORE_HZ)
    device = uarte(bench)
    bench.memory.write_all(RAM, b"hello")
    put(device, "TXD_PTR", RAM)
    put(device, "TXD_MAXCNT", 5)
    put(device, "INTENSET", 1 << 8)
    do(device, "STARTTX")
    assert happened(device, "TXSTARTED")
    put(device, "TXD_PTR", 0x20000800)  # double buffered: what is under way keeps its own
    bench.run(5 * CHARACTER - 1)
    assert not happened(device, "ENDTX")
    bench.run(1)
    assert bytes(bench.serial.sent) == b"hello"
    assert happened(device, "ENDTX")
    assert get(device, "TXD_AMOUNT") == 5
    assert bench.lines["global"].level
    round_trip(device)


def test_stopping_the_transmitter_ends_behind_the_character_on_the_wire() -> None:
    bench = Bench(CORE_HZ)
    device = uarte(bench)
    bench.memory.write_all(RAM, b"hello")
    put(device, "TXD_PTR", RAM)
    put(device, "TXD_MAXCNT", 5)
    do(device, "STARTTX")
    bench.run(CHARACTER + CHARACTER // 2)
    do(device, "STOPTX")
    assert not happened(device, "TXSTOPPED")
    bench.run(10 * CHARACTER)
    assert happened(device, "TXSTOPPED")
    assert bytes(bench.serial.sent) == b"he"
    assert get(device, "TXD_AMOUNT") == 2


def test_dma_receives_into_one_buffer_behind_another() -> None:
    bench = Bench(CORE_HZ)
    device = uarte(bench)
    put(device, "SHORTS", 1 << 5)  # ENDRX_STARTRX
    put(device, "RXD_PTR", RAM)
    put(device, "RXD_MAXCNT", 4)
    do(device, "STARTRX")
    assert happened(device, "RXSTARTED")
    put(device, "RXD_PTR", RAM + 0x40)  # for the next
    bench.serial.feed(b"abcdefgh")
    bench.run(4 * CHARACTER)
    assert happened(device, "ENDRX")
    assert get(device, "RXD_AMOUNT") == 4
    assert bytes(bench.memory.read(RAM + i, 1) for i in range(4)) == b"abcd"
    clear(device, "ENDRX")
    bench.run(2 * CHARACTER)
    assert not happened(device, "ENDRX")
    do(device, "STOPRX")
    assert happened(device, "ENDRX")
    assert get(device, "RXD_AMOUNT") == 2
    assert bytes(bench.memory.read(RAM + 0x40 + i, 1) for i in range(2)) == b"ef"


def test_stopping_the_receiver_times_out_and_flushing_empties_the_fifo() -> None:
    bench = Bench(CORE_HZ)
    device = uarte(bench)
    put(device, "RXD_PTR", RAM)
    put(device, "RXD_MAXCNT", 8)
    do(device, "STARTRX")
    bench.serial.feed(b"abc")
    bench.run(CHARACTER)
    do(device, "STOPRX")
    assert get(device, "RXD_AMOUNT") == 1
    assert not happened(device, "RXTO")
    bench.run(5 * CHARACTER)
    assert happened(device, "RXTO")
    clear(device, "ENDRX")
    put(device, "RXD_PTR", RAM + 0x40)
    do(device, "FLUSHRX")
    assert happened(device, "ENDRX")
    assert get(device, "RXD_AMOUNT") == 2
    assert bytes(bench.memory.read(RAM + 0x40 + i, 1) for i in range(2)) == b"bc"


def test_characters_without_a_buffer_overrun() -> None:
    bench = Bench(CORE_HZ)
    device = uarte(bench)
    put(device, "RXD_PTR", RAM)
    put(device, "RXD_MAXCNT", 1)
    do(device, "STARTRX")
    bench.serial.feed(b"abcdef")
    bench.run(5 * CHARACTER)
    assert not happened(device, "ERROR"), "four wait in the FIFO"
    bench.run(CHARACTER)
    assert happened(device, "ERROR")
    assert get(device, "ERRORSRC") == 1
    put(device, "ERRORSRC", 1)
    assert get(device, "ERRORSRC") == 0


def test_dma_outside_ram_is_told() -> None:
    bench = Bench(CORE_HZ)
    device = uarte(bench)
    put(device, "TXD_PTR", 0x1000)
    put(device, "TXD_MAXCNT", 1)
    do(device, "STARTTX")
    assert bench.unmodelled == [(offset_of(device, "TXD_PTR"), "write", "EasyDMA outside RAM")]


# -- TIMER -----------------------------------------------------------------------------------------
def timer(bench: Bench, **parameters: Any) -> Timer:
    bench.clocks.frequencies["pclk16m"] = 16_000_000
    device: Timer = bench.build(Timer, "timer", lines=("global",), **parameters)
    put(device, "BITMODE", 3)
    put(device, "PRESCALER", 4)  # 1 MHz
    return device


US = CORE_HZ // 1_000_000


def captured(device: Timer, number: int = 3) -> int:
    do(device, f"CAPTURE{number}")
    return get(device, f"CC{number}")


def test_timer_counts_and_compares() -> None:
    bench = Bench(CORE_HZ)
    device = timer(bench)
    put(device, "CC0", 1000)
    put(device, "INTENSET", 1 << 16)
    do(device, "START")
    bench.run(1000 * US - 1)
    assert not happened(device, "COMPARE0")
    bench.run(1)
    assert happened(device, "COMPARE0")
    assert bench.lines["global"].level
    bench.run(500 * US)
    assert captured(device) == 1500
    do(device, "STOP")
    bench.run(500 * US)
    assert captured(device) == 1500
    do(device, "CLEAR")
    assert captured(device) == 0
    round_trip(device)


def test_compare_clears_periodically() -> None:
    bench = Bench(CORE_HZ)
    device = timer(bench)
    put(device, "CC0", 100)
    put(device, "SHORTS", 1)
    put(device, "INTENSET", 1 << 16)
    do(device, "START")
    for _ in range(5):
        bench.run(100 * US - 1)
        assert not happened(device, "COMPARE0")
        bench.run(1)
        assert happened(device, "COMPARE0")
        clear(device, "COMPARE0")
    bench.run(42 * US)
    assert captured(device) == 42


def test_compares_do_not_look_back() -> None:
    bench = Bench(CORE_HZ)
    device = timer(bench)
    put(device, "CC0", 1000)
    do(device, "START")
    bench.run(500 * US)
    put(device, "CC0", 300)
    assert not happened(device, "COMPARE0")
    put(device, "CC0", 501)
    bench.run(US)
    assert happened(device, "COMPARE0")


def test_compare_stops() -> None:
    bench = Bench(CORE_HZ)
    device = timer(bench)
    put(device, "CC1", 100)
    put(device, "SHORTS", 1 << 9)
    do(device, "START")
    bench.run(1000 * US)
    assert captured(device) == 100
    assert happened(device, "COMPARE1")
    put(device, "SHORTS", 1 << 9 | 1 << 1)  # and clears
    do(device, "CLEAR")
    do(device, "START")
    bench.run(1000 * US)
    assert captured(device) == 0


def test_a_count_beyond_the_compare_that_clears_goes_round_first() -> None:
    bench = Bench(CORE_HZ)
    device = timer(bench)
    put(device, "BITMODE", 1)  # 8 bits
    do(device, "START")
    bench.run(50 * US)
    put(device, "CC0", 20)
    put(device, "SHORTS", 1)
    clear(device, "COMPARE0")
    bench.run(206 * US)
    assert captured(device) == 0
    assert not happened(device, "COMPARE0")
    bench.run(20 * US)
    assert captured(device) == 0
    assert happened(device, "COMPARE0")


@pytest.mark.parametrize(("mode", "bits"), [(0, 16), (1, 8), (2, 24), (3, 32)])
def test_widths(mode: int, bits: int) -> None:
    bench = Bench(CORE_HZ)
    device = timer(bench)
    put(device, "BITMODE", mode)
    put(device, "PRESCALER", 0)
    do(device, "START")
    bench.run(PERIPHERAL_CYCLES * ((1 << bits) + 5))
    assert captured(device) == 5


def test_prescalers() -> None:
    for prescaler in range(10):
        bench = Bench(CORE_HZ)
        device = timer(bench)
        put(device, "PRESCALER", prescaler)
        do(device, "START")
        bench.run(PERIPHERAL_CYCLES * (77 << prescaler))
        assert captured(device) == 77


def test_counter_mode() -> None:
    bench = Bench(CORE_HZ)
    device = timer(bench)
    put(device, "MODE", 1)
    put(device, "CC0", 3)
    put(device, "SHORTS", 1)
    do(device, "START")
    bench.run(MS)
    for count in (1, 2):
        do(device, "COUNT")
        assert captured(device) == count
        assert not happened(device, "COMPARE0")
    do(device, "COUNT")
    assert happened(device, "COMPARE0")
    assert captured(device) == 0


def test_a_compare_that_happens_once() -> None:
    bench = Bench(CORE_HZ)
    device = timer(bench, dppi=True)
    put(device, "BITMODE", 1)
    put(device, "CC0", 10)
    put(device, "ONESHOTEN0", 1)
    do(device, "START")
    bench.run(10 * US)
    assert happened(device, "COMPARE0")
    clear(device, "COMPARE0")
    bench.run(256 * US)
    assert not happened(device, "COMPARE0")


# -- RTC -------------------------------------------------------------------------------------------
def rtc(bench: Bench, **parameters: Any) -> Rtc:
    bench.clocks.frequencies["lfclk"] = LOW_HZ
    device: Rtc = bench.build(Rtc, "rtc", lines=("global",), **parameters)
    return device


SECOND = CORE_HZ


def test_real_time_counter_counts_behind_its_prescaler() -> None:
    bench = Bench(CORE_HZ)
    device = rtc(bench)
    put(device, "PRESCALER", 32)
    assert get(device, "COUNTER") == 0
    do(device, "START")
    bench.run(SECOND)
    assert get(device, "COUNTER") == LOW_HZ // 33
    assert bench.ramp is not None
    do(device, "STOP")
    bench.run(SECOND)
    assert get(device, "COUNTER") == LOW_HZ // 33
    do(device, "CLEAR")
    assert get(device, "COUNTER") == 0
    round_trip(device)


def test_events_happen_when_somebody_asks_for_them() -> None:
    bench = Bench(CORE_HZ)
    device = rtc(bench)
    put(device, "CC0", 100)
    put(device, "CC1", 200)
    put(device, "EVTENSET", 1 << 17)
    do(device, "START")
    bench.run(SECOND)
    assert not happened(device, "COMPARE0")
    assert happened(device, "COMPARE1")
    assert not happened(device, "TICK")
    put(device, "INTENSET", 1)
    bench.run(SECOND // LOW_HZ + 1)
    assert happened(device, "TICK")
    assert bench.lines["global"].level


def test_compares_of_the_real_time_counter_do_not_look_back() -> None:
    bench = Bench(CORE_HZ)
    device = rtc(bench)
    put(device, "CC0", 20_000)
    put(device, "CC1", 10)
    put(device, "EVTENSET", 1 << 16)
    do(device, "START")
    bench.run(SECOND // 2)
    put(device, "CC0", 10_000)
    put(device, "EVTENSET", 1 << 17)
    assert not happened(device, "COMPARE0")
    assert not happened(device, "COMPARE1")


def test_overflow_at_its_cycle() -> None:
    bench = Bench(CORE_HZ)
    device = rtc(bench)
    put(device, "INTENSET", 1 << 1)
    do(device, "START")
    do(device, "TRIGOVRFLW")
    assert get(device, "COUNTER") == 0xFFFFF0
    bench.run(16 * SECOND // LOW_HZ - 1)
    assert not happened(device, "OVRFLW")
    bench.run(1)
    assert happened(device, "OVRFLW")
    assert get(device, "COUNTER") == 0


def test_compare_clears_on_nrf53() -> None:
    bench = Bench(CORE_HZ)
    device = rtc(bench, dppi=True)
    put(device, "CC2", 1000)
    put(device, "SHORTS", 1 << 2)
    put(device, "EVTENSET", 1 << 18)
    do(device, "START")
    bench.run(SECOND * 2500 // LOW_HZ + 1)
    assert get(device, "COUNTER") == 500
    do(device, "CAPTURE0")
    assert get(device, "CC0") == 500


# -- pins ------------------------------------------------------------------------------------------
def test_pins_drive_and_read() -> None:
    bench = Bench()
    port = bench.build(Gpio, "p0")
    put(port, "OUTSET", 1 << 13)
    assert bench.signals.get("P0_13") == 0
    put(port, "DIRSET", 1 << 13)
    assert bench.signals.get("P0_13") == 1
    assert get(port, "PIN_CNF13") & 1
    put(port, "OUTCLR", 1 << 13)
    assert bench.signals.get("P0_13") == 0
    bench.signals.set("P0_11", 1)
    assert get(port, "IN") == 0, "its input buffer is not connected"
    put(port, "PIN_CNF11", 0)
    assert get(port, "IN") == 1 << 11
    put(port, "PIN_CNF12", 3 << 2)  # pulled up
    assert get(port, "IN") == 3 << 11
    round_trip(port)


def test_open_drain_pins_let_go() -> None:
    bench = Bench()
    bench.signals.set("P1_2", 1)
    port = bench.build(Gpio, "p1", port=1, pins=16)
    put(port, "PIN_CNF2", 1 | 6 << 8)  # S0D1
    assert bench.signals.get("P1_2") == 0
    bench.signals.set("P1_2", 1)
    put(port, "OUT", 1 << 2)
    assert get(port, "IN") == 1 << 2


def test_sensed_pins_latch_and_detect() -> None:
    bench = Bench()
    bench.signals.set("P0_3", 1)
    port = bench.build(Gpio, "p0")
    put(port, "PIN_CNF3", 3 << 16)  # senses low
    assert bench.signals.get("detect:p0") == 0
    bench.signals.set("P0_3", 0)
    assert bench.signals.get("detect:p0") == 1
    assert get(port, "LATCH") == 1 << 3
    put(port, "DETECTMODE", 1)
    bench.signals.set("P0_3", 1)
    assert bench.signals.get("detect:p0") == 1, "it is latched"
    put(port, "LATCH", 1 << 3)
    assert bench.signals.get("detect:p0") == 0


# -- watchdog, random numbers, temperature, flash, information ---------------------------------------
def test_watchdog_bites_unless_every_reload_register_is_asked() -> None:
    bench = Bench(CORE_HZ)
    bench.clocks.frequencies["lfrc"] = LOW_HZ
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
        bench = Bench(CORE_HZ)
        bench.clocks.frequencies["pclk16m"] = 16_000_000
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
    bench = Bench(CORE_HZ)
    bench.clocks.frequencies["pclk16m"] = 16_000_000
    device = bench.build(Temp, "temp", lines=("global",))
    do(device, "START")
    bench.run(36 * US)
    assert happened(device, "DATARDY")
    assert get(device, "TEMP") == 25 * 4


def test_the_cache_reaches_the_memory_model() -> None:
    bench = Bench()
    device = bench.build(Nvmc, "nvmc")
    assert bench.tuning.parameters["flash"] == {"wait_states": 2, "instruction_cache": 0}
    put(device, "ICACHECNF", 1)
    assert bench.tuning.parameters["flash"] == {"wait_states": 3, "instruction_cache": 1}
    put(device, "ICACHECNF", 0)
    assert bench.tuning.invalidated == [("flash", "instruction")]


def test_the_caches_counters_count_while_profiling_is_on() -> None:
    bench = Bench()
    device = bench.build(Nvmc, "nvmc")
    bench.tuning.counts = (100, 10)
    put(device, "ICACHECNF", 1 | 1 << 8)
    assert (get(device, "IHIT"), get(device, "IMISS")) == (0, 0)
    bench.tuning.counts = (150, 13)
    assert (get(device, "IHIT"), get(device, "IMISS")) == (50, 3)
    bench.tuning.counts = (160, 14)
    put(device, "IHIT", 0)
    assert (get(device, "IHIT"), get(device, "IMISS")) == (0, 4)
    bench.tuning.counts = (167, 14)
    assert (get(device, "IHIT"), get(device, "IMISS")) == (7, 4)
    put(device, "ICACHECNF", 1)
    bench.tuning.counts = (1000, 1000)
    assert (get(device, "IHIT"), get(device, "IMISS")) == (7, 4)
    round_trip(device)


def opened(bench: Bench, **parameters: Any) -> Nvmc:
    bench.clocks.frequencies["pclk16m"] = 16_000_000
    device: Nvmc = bench.build(Nvmc, "nvmc", base=0x4001E000, flash_bytes=0x4000, **parameters)
    bench.memory.write_all(0x1000, b"\xff" * 0x2000)
    return device


def test_words_are_written_once_the_flash_is_open() -> None:
    bench = Bench(CORE_HZ)
    device = opened(bench)
    assert not bench.flash.store(0x1000, 4, 0), "read only"
    put(device, "CONFIG", 1)
    assert bench.flash.store(0x1000, 4, 0x12345678)
    assert get(device, "READY") == 0
    bench.run(41 * US)
    assert get(device, "READY") == 1
    assert bench.memory.read(0x1000, 4) == 0x12345678
    assert bench.flash.store(0x1000, 4, 0xFFFF0000), "bits are only cleared"
    assert bench.memory.read(0x1000, 4) == 0x12340000
    assert bench.flash.store(0x10001080, 4, 5), "UICR"
    for address, size in ((0x1000, 1), (0x1002, 2), (0x4000, 4)):
        assert not bench.flash.store(address, size, 0)


def test_a_page_is_erased() -> None:
    bench = Bench(CORE_HZ)
    device = opened(bench)
    bench.memory.write_all(0x1FFC, bytes(8))
    put(device, "ERASEPAGE", 0x1000)
    assert bench.memory.read(0x1FFC, 4) == 0, "erasing is not enabled"
    put(device, "CONFIG", 2)
    put(device, "ERASEPAGE", 0x1000)
    assert bench.memory.read(0x1FFC, 4) == 0xFFFFFFFF
    assert bench.memory.read(0x2000, 4) == 0
    bench.run(85 * MS - 1)
    assert get(device, "READY") == 0
    bench.run(1)
    assert get(device, "READY") == 1
    round_trip(device)


def test_partial_erases_add_up() -> None:
    bench = Bench(CORE_HZ)
    device = opened(bench)
    bench.memory.write_all(0x1000, bytes(4))
    put(device, "CONFIG", 2)
    for _ in range(8):
        put(device, "ERASEPAGEPARTIAL", 0x1000)
        bench.run(10 * MS - 1)
        assert get(device, "READY") == 0
        bench.run(1)
        assert get(device, "READY") == 1
        assert bench.memory.read(0x1000, 4) == 0
    put(device, "ERASEPAGEPARTIAL", 0x1000)
    assert bench.memory.read(0x1000, 4) == 0xFFFFFFFF


def test_a_store_erases_a_page_of_nrf53() -> None:
    bench = Bench(CORE_HZ)
    device = opened(bench, erase_by_store=True)
    bench.memory.write_all(0x1000, bytes(8))
    put(device, "CONFIG", 2)
    assert bench.flash.store(0x1000, 4, 0xFFFFFFFF)
    assert bench.memory.read(0x1004, 4) == 0xFFFFFFFF


def test_information_is_all_ones_where_nothing_is_said() -> None:
    bench = Bench()
    page = bench.build(InformationPage, registers={"PART": 0x130}, values={"PART": 0x8})
    assert page.read(0x130, 4) == 8
    assert page.read(0x131, 1) == 0
    assert page.read(0x134, 4) == 0xFFFFFFFF
    page.write(0x130, 4, 1)
    assert page.read(0x130, 4) == 8
    assert bench.unmodelled


# -- wiring: PPI, DPPI, EGU, GPIOTE ------------------------------------------------------------------
def at(device: Any, register: str) -> int:
    return int(device.context.base) + offset_of(device, register)


def wired(bench: Bench) -> tuple[Ppi, Timer, Egu]:
    bench.clocks.frequencies["pclk16m"] = 16_000_000
    ppi = bench.build(Ppi, "ppi", base=0x4001F000)
    counter = bench.build(Timer, "timer1", base=0x40009000, lines=("timer1",))
    put(counter, "MODE", 1)
    return ppi, counter, bench.build(Egu, "egu0", base=0x40014000)


def test_a_channel_leads_an_event_to_two_tasks() -> None:
    bench = Bench(CORE_HZ)
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
    bench = Bench(CORE_HZ)
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
    bench = Bench(CORE_HZ)
    ppi, counter, egu = wired(bench)
    put(ppi, "CH0_EEP", at(egu, "EVENTS_TRIGGERED0"))
    put(ppi, "CH0_TEP", at(counter, "TASKS_COUNT"))
    put(ppi, "CHENSET", 1)
    state = ppi.save()
    other = Bench(CORE_HZ)
    ppi, counter, egu = wired(other)
    ppi.load(state)
    do(egu, "TRIGGER0")
    assert captured(counter) == 1


def test_a_timers_period_reaches_tasks_without_the_core() -> None:
    """The deadlines of events that only PPI hears are kept though their registers are never cleared."""
    bench = Bench(CORE_HZ)
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
    bench = Bench(CORE_HZ)
    ppi, _counter, _egu = wired(bench)
    put(ppi, "CHENSET", 1 << 26)
    assert "radio" in bench.unmodelled[-1][2]


def test_dppi_leads_what_is_published_to_subscribers() -> None:
    bench = Bench(CORE_HZ)
    bench.clocks.frequencies["pclk16m"] = 16_000_000
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


def test_pins_as_events_and_tasks() -> None:
    bench = Bench()
    device = bench.build(Gpiote, "gpiote", lines=("global",), ports=["p0"])
    put(device, "CONFIG0", 1 | 11 << 8 | 2 << 16)  # falls
    put(device, "CONFIG1", 3 | 1 << 13 | 4 << 8 | 3 << 16 | 1 << 20)  # toggles P1.04, first high
    assert bench.signals.get("P1_4") == 1
    put(device, "INTENSET", 1 | 1 << 31)
    bench.signals.set("P0_11", 1)
    assert not happened(device, "IN0")
    bench.signals.set("P0_11", 0)
    assert happened(device, "IN0")
    assert bench.lines["global"].level
    do(device, "OUT1")
    assert bench.signals.get("P1_4") == 0
    do(device, "SET1")
    assert bench.signals.get("P1_4") == 1
    do(device, "CLR1")
    assert bench.signals.get("P1_4") == 0
    round_trip(device)


def test_a_sensed_pin_makes_the_ports_event() -> None:
    bench = Bench()
    port = bench.build(Gpio, "p0")
    device = bench.build(Gpiote, "gpiote", lines=("global",), ports=["p0"])
    put(port, "PIN_CNF5", 2 << 16)
    assert not happened(device, "PORT")
    bench.signals.set("P0_5", 1)
    assert happened(device, "PORT")


# -- what nRF53 alone has ------------------------------------------------------------------------------
def test_the_core_runs_at_twice_its_first_clock() -> None:
    bench = Bench(CORE_HZ)
    clock = bench.build(Nrf53Clock, "clock", lines=("global",), dppi=True, ram_blocks=0)
    assert bench.clocks.hz("core") == 64_000_000
    put(clock, "HFCLKCTRL", 0)
    assert bench.clock.core_hz == 128_000_000
    assert bench.clocks.hz("pclk16m") == 16_000_000
    put(clock, "INTENSET", 1 << 8)
    do(clock, "HFCLKAUDIOSTART")
    assert get(clock, "INTPEND") == 1 << 8
    assert bench.lines["global"].level
    assert get(clock, "HFCLKAUDIOSTAT") == RUNNING


def test_its_low_clock_numbers_its_sources_from_1() -> None:
    bench = Bench(CORE_HZ)
    clock = bench.build(Nrf53Clock, "clock", lines=("global",), dppi=True, ram_blocks=0)
    put(clock, "LFCLKSRC", 2)  # the crystal
    do(clock, "LFCLKSTART")
    bench.run(MS)
    assert get(clock, "LFCLKSTAT") == RUNNING | 1
    bench.run(250 * MS)
    assert happened(clock, "LFCLKSTARTED")
    assert get(clock, "LFCLKSTAT") == RUNNING | 2


def test_the_network_core_is_told_to_be_missing() -> None:
    bench = Bench(CORE_HZ)
    clock = bench.build(Nrf53Clock, "clock", lines=("global",), dppi=True, ram_blocks=0)
    assert get(clock, "NETWORK_FORCEOFF") == 1
    put(clock, "NETWORK_FORCEOFF", 0)
    ipc = bench.build(Ipc, "ipc", lines=("ipc",), dppi=True)
    put(ipc, "SEND_CNF3", 1 << 3)
    do(ipc, "SEND3")
    assert [what for _offset, _access, what in bench.unmodelled if "network core" in what]
    assert len(bench.unmodelled) == 2


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


def test_its_cache_reaches_the_memory_model() -> None:
    bench = Bench()
    cache = bench.build(Cache, "cache")
    bench.tuning.invalidated.clear()
    put(cache, "ENABLE", 1)
    assert bench.tuning.parameters["flash"]["instruction_cache"] == 1
    assert bench.tuning.invalidated == [("flash", "instruction")]
    put(cache, "INVALIDATE", 1)
    assert len(bench.tuning.invalidated) == 2
    put(cache, "ERASE", 1)
    assert get(cache, "ERASESTATUS") == 1
    put(cache, "ERASESTATUS", 0)
    assert get(cache, "ERASESTATUS") == 0
    for register in ("PROFILINGENABLE", "MODE", "WRITELOCK"):
        put(cache, register, 1)
    assert len(bench.unmodelled) == 3
