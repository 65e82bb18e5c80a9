"""The base class: widths, clear rules, unknown offsets, snapshots; and the quiet device."""

from __future__ import annotations

import pytest
from device_bench import Bench, get, put, round_trip

from emulator.errors import BoardError
from peripherals.quiet import Quiet
from peripherals.register_device import Register, RegisterDevice, read_only


class Example(RegisterDevice):
    REGISTERS = (
        Register(0x00, "PLAIN", 0x11223344),
        Register(0x04, "MASKED", 0xF0, writable=0x0F),
        Register(0x08, "W1C", 0xFF, writable=0, w1c=0x3F),
        Register(0x0C, "W0C", 0xFF, writable=0, w0c=0x3F),
        read_only(0x10, "FIXED", 7),
        Register(0x14, "EFFECT", on_read="answer", on_write="told"),
    )
    STATE = ("heard",)
    heard: tuple[tuple[int, int], ...] = ()

    def answer(self) -> int:
        return 0xAABBCCDD

    def told(self, written: int, old: int) -> None:
        self.heard = (*self.heard, (written, old))


def test_widths_and_masks() -> None:
    device = Bench().build(Example)
    assert device.read(0, 4) == 0x11223344
    assert device.read(1, 1) == 0x33
    assert device.read(2, 2) == 0x1122
    device.write(1, 1, 0xEE)
    assert get(device, "PLAIN") == 0x1122EE44
    device.write(2, 2, 0xABCD)
    assert get(device, "PLAIN") == 0xABCDEE44
    put(device, "MASKED", 0xFFFFFFFF)
    assert get(device, "MASKED") == 0xFF
    put(device, "FIXED", 9)
    assert get(device, "FIXED") == 7


def test_clear_rules() -> None:
    device = Bench().build(Example)
    put(device, "W1C", 0x81)
    assert get(device, "W1C") == 0xFE
    device.write(0x0D, 1, 0)  # another byte lane clears nothing
    assert get(device, "W0C") == 0xFF
    put(device, "W0C", 0xFFFFFFFE)
    assert get(device, "W0C") == 0xFE
    put(device, "W0C", 0)
    assert get(device, "W0C") == 0xC0


def test_effects_and_names() -> None:
    bench = Bench()
    device = bench.build(Example)
    assert device.read(0x16, 1) == 0xBB
    device.write(0x15, 1, 0x5A)
    put(device, "EFFECT", 1)
    assert device.heard == ((0x5A00, 0), (1, 0x5A00))
    assert device.register_name(0x15) == "EFFECT"
    assert device.register_name(0x40) == "+0x40"
    assert device.read(0x40, 4) == 0
    device.write(0x44, 2, 1)
    assert bench.unmodelled == [(0x40, "read", ""), (0x44, "write", "")]
    round_trip(device)


def test_peripheral_reset_signal() -> None:
    bench = Bench()
    device = bench.build(Example, "example")
    put(device, "PLAIN", 0)
    bench.signals.set("reset:example", 1)
    assert get(device, "PLAIN") == 0x11223344


def test_quiet_device_keeps_and_follows() -> None:
    bench = Bench()
    device = bench.build(
        Quiet,
        registers={"CR": 0, "SR": 4, "ID": 8},
        resets={"ID": 0x42},
        read_only=["ID"],
        follow=["SR.1 = CR.0"],
        clear=["CR.31"],
        set=["SR.5"],
        silent=True,
    )
    put(device, "CR", 0x80000001)
    assert get(device, "CR") == 1
    assert get(device, "SR") == 0x22
    put(device, "ID", 0)
    assert get(device, "ID") == 0x42
    put(device, "CR", 0)
    assert get(device, "SR") == 0x20
    device.write(0x102, 2, 0xBEEF)
    assert device.read(0x100, 4) == 0xBEEF0000
    assert bench.unmodelled == []
    round_trip(device)


def test_quiet_device_reports_unless_silent() -> None:
    bench = Bench()
    device = bench.build(Quiet, registers={"CR": 0})
    put(device, "CR", 5)
    assert get(device, "CR") == 5
    assert [row[1:] for row in bench.unmodelled] == [("write", "stored only"), ("read", "stored only")]


@pytest.mark.parametrize(
    "parameters",
    [{"follow": ["SR.0 = CR.0"]}, {"clear": ["x"]}, {"registers": {"A": 0}, "set": ["A.32"]}, {"folow": []}],
)
def test_quiet_device_rejects_bad_parameters(parameters: dict[str, object]) -> None:
    with pytest.raises(BoardError, match=r"devices\.device\.parameters"):
        Bench().build(Quiet, **parameters)
