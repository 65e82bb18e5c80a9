"""The external interrupts of SAM D21 and SAM D51 on the bench, behind PORT's multiplexers."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, round_trip

from peripherals.microchip.eic import Eic
from peripherals.microchip.eic_d51 import EicD51
from peripherals.microchip.port import Port

INTENCLR, INTENSET, INTFLAG, CONFIG0 = (
    {Eic: 0x08, EicD51: 0x0C},
    {Eic: 0x0C, EicD51: 0x10},
    {Eic: 0x10, EicD51: 0x14},
    {Eic: 0x18, EicD51: 0x1C},
)
RISE, FALL, BOTH, HIGH, LOW = range(1, 6)
KINDS = pytest.mark.parametrize("kind", [Eic, EicD51])


def pins(kind: Any) -> tuple[Bench, Any, Any]:
    bench = Bench()
    port = bench.build(Port, "port")
    eic = bench.build(kind, "eic", lines=kind.LINES)
    port.reset()
    eic.reset()
    return bench, port, eic


@KINDS
def test_edges_of_a_pin_with_function_a(kind: Any) -> None:
    bench, port, eic = pins(kind)
    line = bench.lines["global" if kind is Eic else "line4"]
    eic.write(CONFIG0[kind], 4, FALL << 16)
    eic.write(INTENSET[kind], 4, 1 << 4)
    eic.write(0x00, 1, 2)
    bench.signals.set("PA20", 1)
    bench.signals.set("PA20", 0)
    assert eic.read(INTFLAG[kind], 4) == 0, "its function is not A"
    port.write(0x40 + 20, 1, 1)
    bench.signals.set("PA20", 1)
    assert (eic.read(INTFLAG[kind], 4), line.level) == (0, False)
    bench.signals.set("PA20", 0)
    assert (eic.read(INTFLAG[kind], 4), line.level) == (1 << 4, True)
    eic.write(INTFLAG[kind], 4, 1 << 4)
    assert (eic.read(INTFLAG[kind], 4), line.level) == (0, False)
    eic.write(CONFIG0[kind], 4, BOTH << 16)
    eic.write(INTENCLR[kind], 4, 1 << 4)
    bench.signals.set("PA20", 1)
    assert (eic.read(INTFLAG[kind], 4), line.level) == (1 << 4, False)
    round_trip(eic)


@KINDS
def test_a_level_sets_its_flag_again(kind: Any) -> None:
    bench, port, eic = pins(kind)
    port.write(0x80 + 0x28, 4, 1 << 30 | 1 << 28 | 1 << 16 | 1 << 3)  # WRCONFIG: PB03
    eic.write(CONFIG0[kind], 4, LOW << 12)
    assert eic.read(INTFLAG[kind], 4) == 0, "it is off"
    eic.write(0x00, 1, 2)
    assert eic.read(INTFLAG[kind], 4) == 1 << 3
    eic.write(INTFLAG[kind], 4, 1 << 3)
    assert eic.read(INTFLAG[kind], 4) == 1 << 3
    bench.signals.set("PB03", 1)
    eic.write(INTFLAG[kind], 4, 1 << 3)
    assert eic.read(INTFLAG[kind], 4) == 0
    eic.write(0x00, 1, 1)
    assert eic.read(CONFIG0[kind], 4) == 0


def test_numbers_that_are_not_the_pins() -> None:
    for kind, right in ((Eic, 1 << 11), (EicD51, 1 << 15)):
        bench, port, eic = pins(kind)
        port.write(0x40 + 31, 1, 1)
        port.write(0x40 + 8, 1, 1)
        eic.write(CONFIG0[kind] + 4, 4, 0x11111111 * RISE)
        eic.write(0x00, 1, 2)
        bench.signals.set("PA31", 1)
        bench.signals.set("PA08", 1)
        assert eic.read(INTFLAG[kind], 4) == right
