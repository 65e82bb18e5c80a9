"""Pins of nRF52 and nRF53 on the bench, and the events and tasks that they are."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip
from nordic_bench import do, happened

from peripherals.nordic.gpio import Gpio
from peripherals.nordic.gpiote import Gpiote


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
