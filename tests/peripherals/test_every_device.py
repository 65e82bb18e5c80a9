"""Every device of every shipped board: builds, resets, reads, ignores nothing silently, snapshots."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from device_bench import Bench, get, put

from emulator.board.device_types import device_class
from emulator.board.model import Board
from emulator.board.reader import list_boards, load_board
from emulator.errors import BoardError
from emulator.schema.checks import value_problems
from emulator.schema.table import fields_of
from emulator.schema.words import bare, example
from peripherals.register_device import Register, RegisterDevice
from peripherals.stm32.timer import Timer

CLOCK_CONTROLLER = "rcc"


def build(board: Board) -> tuple[Bench, dict[str, Any]]:
    bench = Bench(board.reset_hz)
    devices = {
        entry.name: bench.build(
            device_class(entry.type),
            entry.name,
            base=entry.base,
            lines=tuple(entry.interrupts),
            **entry.parameters,
        )
        for entry in board.devices
    }
    for device in devices.values():
        device.reset()
    return bench, devices


@pytest.mark.parametrize("name", list_boards())
def test_reset_values_read_back_and_snapshots_hold(name: str) -> None:
    board = load_board(name)
    _bench, devices = build(board)
    for entry in board.devices:
        device = devices[entry.name]
        rows = device.register_table() if hasattr(device, "register_table") else ()
        names = [row.name for row in rows]
        assert len(set(names)) == len(names), entry.name
        assert len({row.offset for row in rows}) == len(rows), entry.name
        assert all(0 <= row.offset < entry.size_bytes for row in rows), entry.name
        for row in rows:
            value = device.read(row.offset, 4)
            assert 0 <= value < 1 << 32, (entry.name, row.name)
            assert device.register_name(row.offset) == row.name
        state = device.save()
        kept = copy.deepcopy(state)
        for row in rows:
            if row.writable:
                device.write(row.offset, 4, 0x5A5A5A5A & row.writable)
        assert state == kept, f"{entry.name}: a snapshot shares state with the device"
        device.load(state)
        assert device.save() == kept, entry.name


def test_each_class_has_a_test_on_the_bench() -> None:
    """Of every device of every shipped board: a file beside this one names its class."""
    tests = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    words = set(re.findall(r"\w+", tests))
    classes = {entry.type for name in list_boards() for entry in load_board(name).devices}
    assert not [one for one in sorted(classes) if one.partition(":")[2] not in words]


@pytest.mark.parametrize("name", list_boards())
def test_reset_clock_is_the_boards(name: str) -> None:
    board = load_board(name)
    bench, _devices = build(board)
    assert bench.clock.core_hz == board.reset_hz


@pytest.mark.parametrize("name", list_boards())
def test_named_clocks_exist(name: str) -> None:
    """A misspelt clock would silently run at the core's frequency."""
    board = load_board(name)
    bench, _devices = build(board)
    for entry in board.devices:
        clock = entry.parameters.get("clock", "core")
        assert clock in bench.clocks.frequencies, f"{entry.name} runs from {clock}, which nobody provides"


@pytest.mark.parametrize("name", list_boards())
def test_peripheral_resets_name_devices(name: str) -> None:
    board = load_board(name)
    entries = {entry.name: entry for entry in board.devices}
    if CLOCK_CONTROLLER not in entries:
        return
    resets = entries[CLOCK_CONTROLLER].parameters["peripheral_resets"]
    named = {device for bits in resets.values() for device in bits}
    assert named <= set(entries), sorted(named - set(entries))
    assert board.console in named


@pytest.mark.parametrize("name", list_boards())
def test_clock_controllers_provide_the_clocks_that_they_declare(name: str) -> None:
    board = load_board(name)
    bench, _devices = build(board)
    declared = {clock for entry in board.devices for clock in device_class(entry.type).clocks()}
    assert set(bench.clocks.frequencies) == {"core", *declared}


def test_a_tied_pin_reaches_its_port() -> None:
    for board_name, device, pin, read in (
        ("nucleo-l4r5zi", "gpiog", "PG10", lambda d: get(d, "IDR") >> 10 & 1),
        ("cy8cproto-062-4343w", "gpio", "P13_7", lambda d: get(d, "PRT13_IN") >> 7 & 1),
        ("mps2-an386", "gpio0", "gpio0:3", lambda d: get(d, "DATA") >> 3 & 1),
    ):
        board = load_board(board_name)
        entry = next(entry for entry in board.devices if entry.name == device)
        kind = device_class(entry.type)
        assert pin in kind.pins(device, entry.parameters)
        bench = Bench()
        port = bench.build(kind, device, **entry.parameters)
        put_input_mode(port)
        before = read(port)
        bench.signals.set(pin, 1)
        assert (before, read(port)) == (0, 1), pin


def put_input_mode(port: Any) -> None:
    """Switch input buffers on, where a port has some (PSoC 6: mode 8 is an input without a driver)."""
    if any(row.name == "PRT13_CFG" for row in port.register_table()):
        put(port, "PRT13_CFG", 0x88888888)


def declared_fields() -> list[tuple[str, str, Any]]:
    kinds = {
        entry.type: device_class(entry.type) for name in list_boards() for entry in load_board(name).devices
    }
    return [
        (path, name, field.type)
        for path, kind in sorted(kinds.items())
        for name, field in fields_of(kind.PARAMETERS).items()
    ]


@pytest.mark.parametrize(("path", "name", "kind"), declared_fields())
def test_every_parameter_says_what_it_means(path: str, name: str, kind: Any) -> None:
    _plain, said = bare(kind)
    assert said.description and said.description.endswith("."), f"{path}: {name} has no meaning"
    assert example(kind) is not None, f"{path}: {name} has no example"
    assert list(value_problems(kind, example(kind))) == [], f"{path}: the example of {name} is not right"


def test_an_undeclared_interrupt_line_is_a_mistake_of_the_class() -> None:
    class Careless(RegisterDevice):
        REGISTERS = (Register(0, "CR"),)

    with pytest.raises(ValueError, match="Careless declares no interrupt line 'global'"):
        Bench().build(Careless).line("global")


def test_a_device_that_a_test_builds_is_checked_too() -> None:
    with pytest.raises(BoardError, match=r"devices\.tim2\.parameters\.bits: must be 16 or 32, not 24"):
        Bench().build(Timer, "tim2", bits=24)
