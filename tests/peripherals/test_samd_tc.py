"""The TCs of SAM D21 and SAM D51 on the bench: matches, wraps, commands, counters of 8, 16 and 32 bits."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, round_trip

from peripherals.microchip.tc import Tc
from peripherals.microchip.tc_d51 import TcD51

MHZ = 1_000_000
CONTROL_BYTES = {Tc: 2, TcD51: 4}
COUNT, PERIOD, COMPARE = {Tc: 0x10, TcD51: 0x14}, {Tc: 0x14, TcD51: 0x1B}, {Tc: 0x18, TcD51: 0x1C}
INTENSET, INTFLAG, STATUS = {Tc: 0x0D, TcD51: 0x09}, {Tc: 0x0E, TcD51: 0x0A}, {Tc: 0x0F, TcD51: 0x0B}
CTRLBSET, COMMAND_SHIFT = 0x05, {Tc: 6, TcD51: 5}
READY, STOPPED = {Tc: 1 << 3, TcD51: 0}, {Tc: 1 << 3, TcD51: 1 << 0}
RETRIGGER, STOP, DOWN, ONE_SHOT = 1, 2, 1 << 0, 1 << 2
KINDS = pytest.mark.parametrize("kind", [Tc, TcD51])


def timer(kind: Any) -> tuple[Bench, Any]:
    bench = Bench(48 * MHZ)
    bench.clocks.set({"tc4": 8 * MHZ})
    made = bench.build(kind, "tc4", lines=("global",), clock="tc4")
    made.reset()
    return bench, made


@KINDS
def test_a_counter_matches_wraps_and_interrupts(kind: Any) -> None:
    bench, tc = timer(kind)
    tc.write(COMPARE[kind], 2, 100)  # CC0, the top
    tc.write(COMPARE[kind] + 2, 2, 40)
    tc.write(INTENSET[kind], 1, 1)
    waveform = 1 << 5 if kind is Tc else 0  # MFRQ
    if kind is TcD51:
        tc.write(0x0C, 1, 1)  # the same
    tc.write(0x00, CONTROL_BYTES[kind], waveform | 3 << 8 | 1 << 1)  # divided by 8: 1 MHz

    def seen() -> tuple[int, int, bool]:
        return tc.read(COUNT[kind], 2), tc.read(INTFLAG[kind], 1) ^ READY[kind], bench.lines["global"].level

    bench.run(48 * 41)
    assert seen() == (41, 0x20, False)
    bench.run(48 * 60)
    assert seen() == (0, 0x31, True)
    tc.write(INTFLAG[kind], 1, 0x31)
    assert seen() == (0, 0, False)
    tc.write(CTRLBSET, 1, STOP << COMMAND_SHIFT[kind])
    bench.run(48 * 1000)
    assert (tc.read(COUNT[kind], 2), tc.read(STATUS[kind], 1)) == (0, STOPPED[kind]), "stopped"
    if kind is TcD51:
        tc.write(0x30, 2, 10)  # CCBUF0
    tc.write(CTRLBSET, 1, RETRIGGER << COMMAND_SHIFT[kind] | ONE_SHOT)
    bench.run(48 * (500 if kind is Tc else 12))
    assert (tc.read(STATUS[kind], 1), tc.read(INTFLAG[kind], 1) & 1) == (STOPPED[kind], 1), "one shot"
    round_trip(tc)


@KINDS
def test_a_counter_of_eight_bits_counts_down_and_one_of_32_up(kind: Any) -> None:
    bench, tc = timer(kind)
    tc.write(PERIOD[kind], 1, 9)
    tc.write(CTRLBSET, 1, DOWN)
    tc.write(0x00, CONTROL_BYTES[kind], 1 << 2 | 1 << 1)
    tc.write(CTRLBSET, 1, RETRIGGER << COMMAND_SHIFT[kind])
    assert tc.read(COUNT[kind], 1) == 9
    bench.run(6 * 4)
    assert tc.read(COUNT[kind], 1) == 5
    tc.write(0x00, CONTROL_BYTES[kind], 1)
    tc.write(0x00, CONTROL_BYTES[kind], 2 << 2 | 1 << 1)
    tc.write(COUNT[kind], 4, 0xFFFF)
    bench.run(6)
    assert tc.read(COUNT[kind], 4) == 0x10000
