"""Ready bits, interrupt lines, banks, pins, clock outputs and watchdogs, each by itself."""

from __future__ import annotations

import pytest
from device_bench import Bench, get, put, round_trip

from peripherals.parts.banked import Bank, BankedDevice
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.parts.pins import Pins
from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.parts.watchdog import Watchdog
from peripherals.register_device import Register, clears, read_only, sets, toggles


class Power(ReadyDevice):
    REGISTERS = (
        Register(0x00, "CR", 1 << 2, on_write="control_changed"),
        read_only(0x04, "SR", 1 << 7),
    )
    READY = (
        Ready("SR", 1 << 0, "CR", 1 << 0),
        Ready("SR", 3 << 1, "CR", 3 << 2),
        Ready("SR", 1 << 4, "CR", 1 << 5, "crystal"),
    )
    crystal = False
    seen = -1

    def source_runs(self, source: str) -> bool:
        assert source == "crystal"
        return self.crystal

    def control_changed(self, _written: int, _old: int) -> None:
        self.seen = self.values["SR"]


def test_ready_bits_follow_all_of_their_enable_bits() -> None:
    device = Bench().build(Power)
    assert get(device, "SR") == 1 << 7
    put(device, "CR", 1 | 1 << 2 | 1 << 5)
    assert get(device, "SR") == 1 << 7 | 1, "one of two enable bits, and no crystal"
    device.crystal = True
    put(device, "CR", 3 << 2 | 1 << 5)
    assert get(device, "SR") == 1 << 7 | 3 << 1 | 1 << 4
    assert device.seen == get(device, "SR"), "before the register's effect"
    put(device, "CR", 0)
    assert get(device, "SR") == 1 << 7


def test_a_device_that_forgets_its_sources_says_so() -> None:
    class Forgetful(ReadyDevice):
        REGISTERS = (Register(0x00, "CR", 1),)
        READY = (Ready("CR", 2, "CR", 1, "xtal"),)

    with pytest.raises(NotImplementedError, match="xtal"):
        Bench().build(Forgetful)


class Flags(InterruptDevice):
    REGISTERS = (
        Register(0x00, "SR", writable=0, w1c=0xF),
        Register(0x04, "IER"),
        Register(0x08, "OTHER", writable=0, w0c=1),
        sets(0x0C, "SR_SET", "SR", 0x7, shows="SR"),
        Register(0x10, "SR_MASKED", writable=0, shows="SR", under="IER"),
    )
    INTERRUPTS = (
        Interrupt("all", "SR", "IER"),
        Interrupt("all", "OTHER", "IER", 1, enable_shift=8),
        Interrupt("first", "SR", "IER", 1),
    )


def test_lines_follow_flags_and_enables() -> None:
    bench = Bench()
    device = bench.build(Flags, lines=("all", "first"))
    levels = lambda: (bench.lines["all"].level, bench.lines["first"].level)  # noqa: E731
    put(device, "SR_SET", 0xF)
    assert get(device, "SR") == get(device, "SR_SET") == 0x7
    assert levels() == (False, False)
    put(device, "IER", 1)
    assert levels() == (True, True)
    assert get(device, "SR_MASKED") == 1
    put(device, "SR", 1)
    assert levels() == (False, False)
    device.raise_flags("OTHER", 1)
    assert levels() == (False, False), "its enable is bit 8"
    put(device, "IER", 1 << 8)
    assert levels() == (True, False)
    put(device, "OTHER", 0)
    assert levels() == (False, False)
    put(device, "IER", 2)
    assert levels() == (True, False)
    device.reset()
    assert levels() == (False, False)


class Ports(BankedDevice):
    BANK_BYTES = 0x10
    FIRST_BANK = 0x20
    REGISTERS = tuple(
        row
        for n in range(2)
        for row in (
            Register(0x20 + 0x10 * n, f"P{n}_OUT", writable=0xFF, on_write="changed"),
            sets(0x24 + 0x10 * n, f"P{n}_SET", f"P{n}_OUT", 0x0F),
            clears(0x28 + 0x10 * n, f"P{n}_CLR", f"P{n}_OUT", shows=f"P{n}_OUT"),
            toggles(0x2C + 0x10 * n, f"P{n}_TGL", f"P{n}_OUT", on_write="toggled"),
        )
    )
    heard: tuple[tuple[str, int, int, int], ...] = ()

    def changed(self, written: int, old: int) -> None:
        self.heard = (*self.heard, ("changed", self.bank, written, old))

    def toggled(self, written: int, old: int) -> None:
        self.heard = (*self.heard, ("toggled", self.bank, written, old))


def test_set_clear_and_toggle_registers() -> None:
    device = Bench().build(Ports)
    put(device, "P1_OUT", 0xA0)
    put(device, "P1_SET", 0xFF)
    assert get(device, "P1_OUT") == 0xAF
    put(device, "P1_CLR", 0x81)
    assert get(device, "P1_CLR") == get(device, "P1_OUT") == 0x2E
    device.write(0x3D, 1, 0x5)  # another byte lane toggles nothing here
    put(device, "P1_TGL", 0x3)
    assert get(device, "P1_OUT") & 0xFF == 0x2D
    assert get(device, "P1_SET") == get(device, "P1_TGL") == 0
    assert get(device, "P0_OUT") == 0
    assert device.heard == (
        ("changed", 1, 0xA0, 0), ("changed", 1, 0xAF, 0xA0), ("changed", 1, 0x2E, 0xAF),
        ("toggled", 1, 0x500, 0x2E), ("toggled", 1, 0x3, 0x52E),
    )  # fmt: skip
    round_trip(device)


def test_a_bank_knows_its_registers_without_their_prefix() -> None:
    bench = Bench()
    bank = Bank(bench.build(Ports), "P1_")
    bank.put("OUT", 5)
    bank.set_bits("OUT", 2)
    bank.clear_bits("OUT", 1)
    assert bank.value("OUT") == bank.device.values["P1_OUT"] == 6
    bank.report("OUT", "write", "nothing")
    assert bench.unmodelled == [(0x30, "write", "nothing")]


def test_pins_are_driven_and_let_go() -> None:
    bench = Bench()
    pins = Pins(bench.signals, ("A", "B"))
    assert len(pins) == 2
    assert [pins.level(0), pins.level(0, pulled_up=True)] == [0, 1]
    pins.drive(0, 1)
    pins.drive(0, 1)
    pins.drive(1, 0)
    assert bench.signals.history == [("A", 1)], "B was low"
    assert pins.level(1, pulled_up=True) == 0, "driven"
    saved = pins.save()
    pins.drive(0, None)
    assert bench.signals.get("A") == 1, "the wire keeps its level"
    bench.signals.set("A", 0)
    assert pins.level(0) == 0
    pins.load(saved)
    assert pins.level(0) == 1
    pins.release()
    assert pins.level(0) == 0


def test_clock_outputs_are_told_when_they_change() -> None:
    bench = Bench(1_000_000)
    told: list[int] = []
    bench.clocks.on_change(lambda: told.append(bench.clocks.hz("bus")))
    outputs = ClockOutputs(bench.clocks)
    assert outputs.last_hz("bus", 7) == 7
    outputs.publish({"bus": 100})
    outputs.publish({"bus": 100})
    outputs.publish({"bus": 200})
    assert told == [100, 200]
    assert outputs.last_hz("bus", 7) == 200
    saved = outputs.save()
    outputs.forget()
    outputs.publish({"bus": 200})
    assert told == [100, 200, 200]
    outputs.load(saved)
    assert outputs.save() == {"bus": 200}


def test_a_watchdog_warns_and_bites() -> None:
    bench = Bench(1_000_000)
    bench.clocks.frequencies["slow"] = 1000
    warned: list[int] = []
    dog = Watchdog(
        bench.context("dog"),
        "slow",
        cause="dog",
        title="the dog",
        on_early=lambda: warned.append(bench.cycles),
    )
    bench.run(100_000)
    assert bench.resets == []
    dog.feed(10, early_ticks=8)
    bench.run(7000)
    dog.feed(10)
    assert dog.ticks_left() == 10
    bench.run(9999)
    assert (warned, bench.resets) == ([], [])
    bench.run(1)
    assert bench.resets == ["dog: the dog was not fed in time"]
    assert bench.signals.get("reset_cause:dog") == 1
    dog.feed(10, early_ticks=8)
    bench.run(8000)
    assert len(warned) == 1
    dog.stop()
    bench.run(100_000)
    assert len(bench.resets) == 1
    dog.bite("was fed too early")
    assert bench.resets[-1] == "dog: the dog was fed too early"
