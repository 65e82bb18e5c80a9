"""RP2040's SIO on the bench: divider, locks, the second core's launch, interpolators."""

from __future__ import annotations

import pytest
from device_bench import Bench, get, offset_of, put, round_trip

from peripherals.raspberrypi.interpolator import Interpolator
from peripherals.raspberrypi.psm import Psm
from peripherals.raspberrypi.sio import Sio
from peripherals.raspberrypi.sio_divider import divide

SET, CLEAR = 0x2000, 0x3000


@pytest.mark.parametrize(
    ("dividend", "divisor", "signed", "quotient", "remainder"),
    [
        (100, 7, False, 14, 2),
        (-100, 7, True, -14, -2),
        (100, -7, True, -14, 2),
        (5, 0, False, -1, 5),
        (-5, 0, True, 1, -5),
        (5, 0, True, -1, 5),
        (-(1 << 31), -1, True, -(1 << 31), 0),
    ],
)
def test_division(dividend: int, divisor: int, signed: bool, quotient: int, remainder: int) -> None:
    mask = (1 << 32) - 1
    assert divide(dividend & mask, divisor & mask, signed=signed) == (quotient & mask, remainder & mask)


def test_sio_divides_in_eight_cycles_and_locks_once() -> None:
    bench = Bench()
    sio = bench.build(Sio, "sio", lines=("proc0",))
    put(sio, "DIV_UDIVIDEND", 1000)
    put(sio, "DIV_UDIVISOR", 30)
    assert get(sio, "DIV_CSR") == 2
    bench.run(8)
    assert get(sio, "DIV_CSR") == 3
    assert (get(sio, "DIV_REMAINDER"), get(sio, "DIV_QUOTIENT"), get(sio, "DIV_CSR")) == (10, 33, 1)
    assert (get(sio, "SPINLOCK5"), get(sio, "SPINLOCK5"), get(sio, "SPINLOCK_ST")) == (32, 0, 32)
    put(sio, "SPINLOCK5", 0)
    assert get(sio, "SPINLOCK5") == 32
    put(sio, "GPIO_OE_SET", 1 << 25)
    put(sio, "GPIO_OUT_XOR", 1 << 25)
    assert (bench.signals.get("GPIO25"), get(sio, "GPIO_IN")) == (1, 1 << 25)
    round_trip(sio)


def test_the_second_core_answers_its_launch_and_that_is_told() -> None:
    bench = Bench()
    sio = bench.build(Sio, "sio", lines=("proc0",))
    psm = bench.build(Psm, "psm")
    psm.write(offset_of(psm, "FRCE_OFF") + SET, 4, 1 << 16)
    assert not get(psm, "DONE") >> 16 & 1
    psm.write(offset_of(psm, "FRCE_OFF") + CLEAR, 4, 1 << 16)
    assert get(sio, "FIFO_ST") & 1
    assert get(sio, "FIFO_RD") == 0
    for word in (0, 5, 0, 0, 1, 0x10000100, 0x20001000, 0x10000321):
        put(sio, "FIFO_WR", word)
        assert get(sio, "FIFO_RD") == word
    assert [what for _offset, _access, what in bench.unmodelled if "0x10000320" in what]
    assert not get(sio, "FIFO_ST") & 1
    for _ in range(9):
        put(sio, "FIFO_WR", 1)
    assert get(sio, "FIFO_ST") == 0b100


def test_interpolators_mask_blend_and_clamp() -> None:
    first = Interpolator(blends=True)
    first.accumulator[0] = 0x12345678
    first.base[0] = 0x1000
    first.set_control(0, 4 | 0 << 5 | 7 << 10)  # bits 11:4
    assert first.results()[0] == 0x1067
    first.set_control(0, 1 << 21)
    first.set_control(1, 0 << 5 | 7 << 10)
    first.base[:2] = [100, 200]
    first.accumulator[1] = 128
    assert first.results()[1] == 150
    second = Interpolator(blends=False)
    second.set_control(0, 1 << 22 | 1 << 15 | 31 << 10)
    second.base[:2] = [0xFFFFFFFF, 10]
    for value, clamped in ((0xFFFFFFF0, 0xFFFFFFFF), (5, 5), (11, 10)):
        second.accumulator[0] = value
        assert second.results()[0] == clamped
    second.set_control(0, 31 << 10 | 1 << 18)
    second.accumulator[0], second.base[0] = 6, 2
    assert (second.pop()[0], second.accumulator[0]) == (8, 8)
