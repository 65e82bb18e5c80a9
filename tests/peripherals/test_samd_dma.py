"""The DMA controllers of SAM D21 and SAM D51 on the bench: descriptors in memory, triggers, interrupts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from device_bench import Bench, round_trip

from peripherals.microchip.dmac import Dmac
from peripherals.microchip.dmac_d51 import DmacD51
from peripherals.microchip.sercom import Sercom

MHZ = 1_000_000
BASE, WRITE_BACK = 0x20000000, 0x20000100
SOURCE, TARGET, NEXT = 0x20001000, 0x20002000, 0x20000200
VALID, SOURCE_STEPS, TARGET_STEPS = 1, 1 << 10, 1 << 11
HALFWORDS, WORDS = 1 << 8, 2 << 8
INTERRUPT, SUSPEND = 1 << 3, 2 << 3
BLOCK, BEAT, TRANSACTION = 0, 2, 3
COMPLETE, SUSPENDED, TRANSFER_ERROR = 2, 4, 1

Setting = Callable[[Any, int, int, int], None]


def d21(dma: Any, channel: int, source: int, action: int) -> None:
    dma.write(0x3F, 1, channel)
    dma.write(0x44, 4, source << 8 | action << 22)
    dma.write(0x4D, 1, 7)
    dma.write(0x40, 1, 2)


def d51(dma: Any, channel: int, source: int, action: int) -> None:
    base = 0x40 + 16 * channel
    dma.write(base + 0x0D, 1, 7)
    dma.write(base, 4, source << 8 | action << 20)
    dma.write(base, 4, source << 8 | action << 20 | 2)


def flags(dma: Any, channel: int) -> int:
    """CHINTFLAG."""
    if isinstance(dma, Dmac):
        dma.write(0x3F, 1, channel)
        return dma.read(0x4E, 1)
    flags: int = dma.read(0x4E + 16 * channel, 1)
    return flags


def is_on(dma: Any, channel: int) -> bool:
    """CHCTRLA.ENABLE."""
    if isinstance(dma, Dmac):
        dma.write(0x3F, 1, channel)
        return bool(dma.read(0x40, 1) & 2)
    return bool(dma.read(0x40 + 16 * channel, 4) & 2)


def resume(dma: Any, channel: int) -> None:
    """CHCTRLB.CMD."""
    if isinstance(dma, Dmac):
        dma.write(0x3F, 1, channel)
        dma.write(0x47, 1, 2)
    else:
        dma.write(0x44 + 16 * channel, 1, 2)


def put(bench: Bench, address: int, control: int, beats: int, where: Sequence[int]) -> None:
    bench.memory.write(address, 2, control)
    bench.memory.write(address + 2, 2, beats)
    for n, word in enumerate(where):
        bench.memory.write(address + 4 + 4 * n, 4, word)


def controller(kind: type[Any]) -> tuple[Bench, Any, Setting, str]:
    bench = Bench(MHZ)
    lines = kind.LINES
    dma = bench.build(kind, "dmac", lines=lines, requests={"sercom0_RX": 1, "sercom0_TX": 2})
    dma.reset()
    dma.write(0x34, 4, BASE)
    dma.write(0x38, 4, WRITE_BACK)
    dma.write(0x00, 2, 0xF02)
    return bench, dma, d21 if kind is Dmac else d51, "global" if kind is Dmac else "line1"


KINDS = pytest.mark.parametrize("kind", [Dmac, DmacD51])


@KINDS
def test_software_starts_a_block_of_words(kind: type[Any]) -> None:
    bench, dma, set_up, line = controller(kind)
    bench.memory.write_all(SOURCE, bytes(range(32)))
    steps = VALID | SOURCE_STEPS | TARGET_STEPS | WORDS
    put(bench, BASE + 16, steps, 8, [SOURCE + 32, TARGET + 32, 0])
    set_up(dma, 1, 0, BLOCK)
    assert (is_on(dma, 1), flags(dma, 1)) == (True, 0)
    dma.write(0x10, 4, 1 << 1)
    bench.run(15)
    assert bench.memory.read(TARGET, 4) == 0
    assert dma.read(0x28, 4) == 2, "BUSYCH"
    bench.run(1)
    assert [bench.memory.read(TARGET + n, 1) for n in range(32)] == list(range(32))
    assert (is_on(dma, 1), flags(dma, 1), bench.lines[line].level) == (False, COMPLETE, True)
    assert (dma.read(0x20, 2), dma.read(0x24, 4)) == (1 | COMPLETE << 8, 2)
    assert bench.memory.read(WRITE_BACK + 16, 4) == steps & ~VALID, "nothing is left"
    dma.write(0x20, 2, 1 | COMPLETE << 8)
    assert (flags(dma, 1), bench.lines[line].level) == (0, False)
    round_trip(dma)


@KINDS
def test_linked_blocks_one_trigger_each_and_all_at_once(kind: type[Any]) -> None:
    for action, times in ((BLOCK, 2), (TRANSACTION, 1)):
        bench, dma, set_up, _line = controller(kind)
        bench.memory.write_all(SOURCE, bytes(range(16)))
        control = VALID | SOURCE_STEPS | TARGET_STEPS | HALFWORDS
        put(bench, BASE + 16, control, 4, [SOURCE + 8, TARGET + 8, NEXT])
        put(bench, NEXT, control, 4, [SOURCE + 16, TARGET + 16, 0])
        set_up(dma, 1, 0, action)
        for n in range(times):
            assert flags(dma, 1) == 0, n
            dma.write(0x10, 4, 1 << 1)
            bench.run(16)
        assert [bench.memory.read(TARGET + n, 1) for n in range(16)] == list(range(16))
        assert (is_on(dma, 1), flags(dma, 1)) == (False, COMPLETE)


@KINDS
def test_a_block_interrupts_and_suspends_and_the_channel_goes_on(kind: type[Any]) -> None:
    bench, dma, set_up, _line = controller(kind)
    control = VALID | TARGET_STEPS
    put(bench, BASE + 16, control | INTERRUPT | SUSPEND, 4, [SOURCE, TARGET + 4, NEXT])
    put(bench, NEXT, control | 2 << 13, 4, [SOURCE, TARGET + 32, BASE + 16])  # every fourth byte
    bench.memory.write(SOURCE, 1, 0x55)
    set_up(dma, 1, 0, BLOCK)
    dma.write(0x10, 4, 1 << 1)
    bench.run(8)
    assert flags(dma, 1) == COMPLETE | SUSPENDED
    dma.write(0x10, 4, 1 << 1)
    bench.run(100)
    assert bench.memory.read(TARGET + 16, 1) == 0
    resume(dma, 1)
    bench.run(8)
    assert [bench.memory.read(TARGET + 16 + n, 1) for n in (0, 4, 8, 12)] == [0x55] * 4
    assert [bench.memory.read(TARGET + 16 + n, 1) for n in (1, 2, 3)] == [0] * 3
    assert is_on(dma, 1), "a ring has no end"


@KINDS
def test_no_valid_descriptor_and_no_memory(kind: type[Any]) -> None:
    bench, dma, set_up, _line = controller(kind)
    put(bench, BASE + 16, 0, 4, [SOURCE, TARGET + 4, 0])
    set_up(dma, 1, 0, BLOCK)
    dma.write(0x10, 4, 1 << 1)
    assert flags(dma, 1) == SUSPENDED
    bench, dma, set_up, _line = controller(kind)
    bench.memory.absent = range(TARGET, TARGET + 4)
    put(bench, BASE + 16, VALID | TARGET_STEPS, 4, [SOURCE, TARGET + 4, 0])
    set_up(dma, 1, 0, BLOCK)
    dma.write(0x10, 4, 1 << 1)
    bench.run(8)
    assert (is_on(dma, 1), flags(dma, 1)) == (False, TRANSFER_ERROR)
    bench, dma, set_up, _line = controller(kind)
    set_up(dma, 1, 63, BLOCK)
    assert "trigger 63" in bench.unmodelled[-1][2]


@KINDS
def test_a_usart_sends_and_receives_by_itself(kind: type[Any]) -> None:
    bench, dma, set_up, _line = controller(kind)
    usart = bench.build(Sercom, "sercom0", lines=("global",), clock="core")
    bench.memory.devices.append((0x42000800, usart))
    usart.write(0x0C, 2, 1 << 15)  # 32 cycles a bit
    usart.write(0x04, 4, 1 << 16 | 1 << 17)
    usart.write(0x00, 4, 1 << 2 | 1 << 1)
    bench.memory.write_all(SOURCE, b"boardless")
    put(bench, BASE, VALID | SOURCE_STEPS, 9, [SOURCE + 9, 0x42000828, 0])
    put(bench, BASE + 16, VALID | TARGET_STEPS, 4, [0x42000828, TARGET + 4, 0])
    set_up(dma, 0, 2, BEAT)
    set_up(dma, 1, 1, BEAT)
    bench.serial.feed(b"abcd")
    bench.run(10 * 32 * 10)
    assert bytes(bench.serial.sent) == b"boardless"
    assert [bench.memory.read(TARGET + n, 1) for n in range(4)] == list(b"abcd")
    assert (flags(dma, 0), flags(dma, 1)) == (COMPLETE, COMPLETE)


@KINDS
def test_characters_of_spi_go_both_ways_by_themselves(kind: type[Any]) -> None:
    bench, dma, set_up, _line = controller(kind)
    spi = bench.build(Sercom, "sercom0", base=0x42000800, lines=("global",), clock="core")
    bench.memory.write_all(SOURCE, b"boardless")
    put(bench, BASE, VALID | SOURCE_STEPS, 9, [SOURCE + 9, 0x42000828, 0])
    put(bench, BASE + 16, VALID | TARGET_STEPS, 9, [0x42000828, TARGET + 9, 0])
    set_up(dma, 0, 2, BEAT)
    set_up(dma, 1, 1, BEAT)
    spi.write(0x0C, 1, 9)  # 20 cycles a bit
    spi.write(0x04, 4, 1 << 17)
    spi.write(0x00, 4, 3 << 2 | 1 << 1)
    bench.run(10 * 20 * 8)
    assert [bench.memory.read(TARGET + n, 1) for n in range(9)] == [0xFF] * 9
    assert (flags(dma, 0), flags(dma, 1)) == (COMPLETE, COMPLETE)
    assert spi.read(0x18, 1) & 0x80 == 0, "and none was lost"
