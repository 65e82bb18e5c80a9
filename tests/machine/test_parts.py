"""Parts of a machine on their own: each with the few things that it is given."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from emulator.board.console import ConsoleChoice
from emulator.board.reader import load_board
from emulator.board.supply import EnergyFacts
from emulator.bus.private import PrivateBus
from emulator.clock.clock import Clock
from emulator.clock.tree import NamedClocks
from emulator.engine.counts import Counts, OutsideBlocks
from emulator.engine.engine import Engine
from emulator.engine.hook import BlockHook
from emulator.errors import UsageError
from emulator.machine.crash_report import crash_report
from emulator.machine.energy import EnergyMeter
from emulator.machine.ports import SerialPorts
from emulator.machine.requests import RunRequests
from emulator.machine.snapshot import put_back, take_snapshot

HERTZ = 10_000_000
FACTS = EnergyFacts(1800, 1800, "ldo", {HERTZ: 1000}, {HERTZ: 100})


def hook() -> BlockHook:
    return cast("BlockHook", SimpleNamespace(stop_request=0, deadline=0))


def test_the_first_failure_is_raised_once() -> None:
    requests = RunRequests(hook())
    requests.fail(ValueError("first"))
    requests.fail(ValueError("then"))
    with pytest.raises(ValueError, match="first"):
        requests.raise_failure()
    requests.raise_failure()


def test_a_slice_ends_before_a_later_deadline() -> None:
    counters = hook()
    requests = RunRequests(counters)
    requests.slice_end = 100
    requests.next_deadline(200)
    assert counters.deadline == 100
    requests.next_deadline(50)
    assert counters.deadline == 50
    assert not counters.stop_request
    requests.request_reset("a watchdog")
    assert counters.stop_request and requests.reset


def test_the_port_that_talks_and_a_port_that_is_none() -> None:
    passed: list[int] = []
    ports = SerialPorts(ConsoleChoice(device="usart1"), lambda: passed.append(1))
    other = ports.port_of("usart2")
    assert ports.port_of("usart2") is other
    assert ports.talking() is ports.console
    other.transmit(0x41)
    assert ports.talking() is other
    ports.semihosting_output(b"xyz")
    ports.itm_output(0, 0x42)
    ports.itm_output(1, 0x43)
    assert (ports.console.take(), ports.itm.take(), len(passed)) == (b"xyz", b"B", 5)
    with pytest.raises(UsageError, match="my-board has no serial port 'usart3'"):
        ports.find("usart3", "my-board")


def test_a_devices_registers_go_before_the_cores() -> None:
    class Block:
        def __init__(self, value: int) -> None:
            self.value = value

        def read(self, address: int, size_bytes: int) -> int:
            return self.value

        def write(self, address: int, size_bytes: int, value: int) -> None:
            self.value = value

        def refuses(self, address: int, *, is_store: bool) -> bool:
            return False

        def device_at(self, address: int) -> object:
            return self if address == 0xE0042000 else None

    bus, system = Block(1), Block(2)
    private = PrivateBus(bus, system)  # type: ignore[arg-type]
    assert [private.read(address, 4) for address in (0xE0042000, 0xE000E000)] == [1, 2]
    private.write(0xE0042000, 4, 5)
    private.write(0xE000E000, 4, 6)
    assert (bus.value, system.value) == (5, 6)


def test_a_second_of_running_and_one_of_sleep() -> None:
    board = replace(load_board("virtual-m4"), energy=FACTS)
    clock, outside, cycles = Clock(HERTZ), OutsideBlocks(), [0]
    clock.attach(lambda: cycles[0], lambda _next: None)
    meter = EnergyMeter(board, clock, NamedClocks(clock), outside)
    cycles[0] += HERTZ
    meter.update()
    cycles[0] += HERTZ
    outside.sleep_cycles += HERTZ
    assert meter.now_picoseconds() == 2 * 10**12
    assert meter.energy_at(10**12) == pytest.approx(1.8e-3)
    assert meter.energy_at(2 * 10**12) == pytest.approx(1.8e-3 + 1.8e-4)


def test_an_engine_executes_prices_and_goes_back_without_a_machine() -> None:
    """A loop of three instructions: MOVS r0, #5; SUBS r0, #1; BNE; its crash report needs no machine."""
    engine = Engine(load_board("virtual-m4"), timing="count", hook="python")
    start = engine.board.regions[0].base
    engine.write_memory(start, bytes.fromhex("0520 0138 fdd1 fee7"))
    engine.core.set("pc", start | 1)
    begun = take_snapshot(engine, None, {"hook": engine.hook, "outside": engine.outside})
    counts = []
    for _ in range(2):
        engine.hook.deadline = 11
        while True:
            engine.hook.stop_code = 0
            assert engine.core.run(engine.core.get("pc")) is None
            if not engine.automaton.answer(engine.hook.stop_code):
                break
        counts.append(engine.counts)
        engine.skip(1, Counts(4, 10))
        assert engine.sleep_until(100) == 79
        put_back(begun, engine, {"hook": engine.hook, "outside": engine.outside})
        assert engine.counts == Counts(0, 0) and engine.outside == OutsideBlocks()
    assert counts == [Counts(11, 11)] * 2
    report = crash_report(engine.core, None, None)
    assert f"0x{start:08x}" in str(report) and "lr 0x" in report.report
