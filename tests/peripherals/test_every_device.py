"""Every device of every shipped board: builds, resets, reads, ignores nothing silently, snapshots."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from device_bench import Bench

from emulator.board.checks import device_class
from emulator.board.model import Board
from emulator.board.reader import list_boards, load_board

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
