"""RP2040's DMA controller: what it moves, when, and what follows."""

from __future__ import annotations

import binascii
from typing import Any

import pytest
from device_bench import Bench, get, put, round_trip

from peripherals.raspberrypi.dma import Dma
from peripherals.raspberrypi.dma_sniffer import CRC16, PARITY, SUM, sniffed

EN, INCR_READ, INCR_WRITE, WORDS, QUIET, SWAP, SNIFF = 1, 1 << 4, 1 << 5, 2 << 2, 1 << 21, 1 << 22, 1 << 23
ALWAYS, BUSY = 0x3F << 15, 1 << 24
SOURCE, TARGET = 0x20000000, 0x20001000


def chain(number: int) -> int:
    return number << 11


def dma_bench(**requests: int) -> tuple[Bench, Any]:
    bench = Bench()
    dma = bench.build(Dma, "dma", base=0x50000000, lines=("irq0", "irq1"), requests=requests)
    bench.memory.write_all(SOURCE, bytes(range(64)))
    return bench, dma


def start(
    dma: Any, number: int, control: int, *, count: int, read: int = SOURCE, write: int = TARGET
) -> None:
    put(dma, f"CH{number}_READ_ADDR", read)
    put(dma, f"CH{number}_WRITE_ADDR", write)
    put(dma, f"CH{number}_TRANS_COUNT", count)
    put(dma, f"CH{number}_CTRL_TRIG", control)


def moved(bench: Bench, count: int, at: int = TARGET) -> bytes:
    return bytes(bench.memory.read(at + n, 1) for n in range(count))


def test_it_moves_a_word_a_cycle_and_interrupts() -> None:
    bench, dma = dma_bench()
    put(dma, "INTE1", 1 << 3)
    start(dma, 3, EN | INCR_READ | INCR_WRITE | WORDS | ALWAYS | chain(3), count=4)
    assert get(dma, "CH3_CTRL_TRIG") & BUSY
    assert get(dma, "CH3_AL2_TRANS_COUNT") == 4
    bench.run(3)
    assert moved(bench, 16) == bytes(16)
    bench.run(1)
    assert moved(bench, 16) == bytes(range(16))
    assert (get(dma, "CH3_READ_ADDR"), get(dma, "CH3_TRANS_COUNT")) == (SOURCE + 16, 0)
    assert (get(dma, "INTS1"), bench.lines["irq1"].level, bench.lines["irq0"].level) == (8, True, False)
    put(dma, "INTS1", 8)
    assert not bench.lines["irq1"].level
    put(dma, "CH3_AL3_READ_ADDR_TRIG", SOURCE + 32)  # the count is what it was at first
    bench.run(4)
    assert moved(bench, 16, TARGET + 16) == bytes(range(32, 48))
    round_trip(dma)


def test_bytes_swap_and_rings() -> None:
    bench, dma = dma_bench()
    start(dma, 0, EN | INCR_READ | INCR_WRITE | WORDS | SWAP | ALWAYS | 3 << 6, count=4)
    bench.run(4)
    assert moved(bench, 16) == bytes((3, 2, 1, 0, 7, 6, 5, 4) * 2)


def test_a_list_of_blocks_is_chained() -> None:
    """Channel 1 writes channel 0's registers, which starts it; channel 0 then goes on with channel 1."""
    bench, dma = dma_bench()
    blocks = ((SOURCE + 8, 2), (SOURCE + 40, 3), (0, 0))
    for n, (address, count) in enumerate(blocks):
        block = count.to_bytes(4, "little") + address.to_bytes(4, "little")
        bench.memory.write_all(0x20002000 + 8 * n, block)
    put(dma, "CH0_WRITE_ADDR", TARGET)
    put(dma, "CH0_AL1_CTRL", EN | INCR_READ | INCR_WRITE | ALWAYS | chain(1) | QUIET)
    start(dma, 1, EN | INCR_READ | INCR_WRITE | WORDS | ALWAYS | chain(1) | 1 << 10 | 3 << 6, count=2,
          read=0x20002000, write=0x50000038)  # fmt: skip
    bench.run(50)
    assert moved(bench, 6) == bytes((8, 9, 40, 41, 42, 0))
    assert get(dma, "INTR") & 1, "the null trigger at the end"


def test_a_device_paces_it() -> None:
    bench, dma = dma_bench(uart0_TX=20)
    start(dma, 5, EN | INCR_READ | 20 << 15 | chain(5), count=3, write=TARGET)
    bench.run(100)
    assert get(dma, "CH5_TRANS_COUNT") == 3
    wants = [2]

    def served(_level: int) -> None:
        pass

    bench.signals.watch("dma:uart0_TX", served)
    real = bench.memory.write

    def write(address: int, size_bytes: int, value: int) -> None:
        real(address, size_bytes, value)
        wants[0] -= 1
        if not wants[0]:
            bench.signals.set("dma:uart0_TX", 0)

    bench.memory.write = write  # type: ignore[method-assign]
    bench.signals.set("dma:uart0_TX", 1)
    bench.run(1)
    assert (get(dma, "CH5_TRANS_COUNT"), moved(bench, 1)) == (1, b"\x01")
    wants[0] = 1
    bench.signals.set("dma:uart0_TX", 1)
    bench.run(1)
    assert not get(dma, "CH5_CTRL_TRIG") & BUSY


def test_a_paced_channel_and_its_list_of_blocks_take_turns() -> None:
    """Channel 0 ends while channel 1 still writes to it: it is started again all the same."""
    bench, dma = dma_bench(uart0_TX=20)
    bench.signals.set("dma:uart0_TX", 1)
    for n, (address, count) in enumerate(((SOURCE + 8, 2), (SOURCE + 40, 3), (0, 0))):
        block = count.to_bytes(4, "little") + address.to_bytes(4, "little")
        bench.memory.write_all(0x20002000 + 8 * n, block)
    put(dma, "CH0_WRITE_ADDR", TARGET)
    put(dma, "CH0_AL1_CTRL", EN | INCR_READ | INCR_WRITE | 20 << 15 | chain(1) | QUIET)
    start(dma, 1, EN | INCR_READ | INCR_WRITE | WORDS | ALWAYS | chain(1) | 1 << 10 | 3 << 6, count=2,
          read=0x20002000, write=0x50000038)  # fmt: skip
    bench.run(50)
    assert moved(bench, 6) == bytes((8, 9, 40, 41, 42, 0))


def test_a_timer_paces_it() -> None:
    bench, dma = dma_bench()
    put(dma, "TIMER1", 2 << 16 | 5)  # twice in five cycles
    start(dma, 0, EN | INCR_READ | INCR_WRITE | 0x3C << 15, count=4)
    bench.run(5)
    assert get(dma, "CH0_TRANS_COUNT") == 2
    bench.run(5)
    assert moved(bench, 4) == bytes(range(4))


def test_a_request_that_nobody_makes_is_told() -> None:
    bench, dma = dma_bench()
    start(dma, 2, EN | 36 << 15 | chain(2), count=1)
    assert "request 36" in bench.unmodelled[0][2]
    put(dma, "CHAN_ABORT", 4)
    assert not get(dma, "CH2_CTRL_TRIG") & BUSY


def test_nothing_at_an_address_is_a_bus_error() -> None:
    bench, dma = dma_bench()
    bench.memory.absent = range(0x90000000, 0x90001000)
    start(dma, 0, EN | INCR_READ | INCR_WRITE | ALWAYS, count=4, read=0x90000000)
    bench.run(4)
    assert get(dma, "CH0_CTRL_TRIG") >> 29 == 0b110
    put(dma, "CH0_AL1_CTRL", 1 << 30)
    assert get(dma, "CH0_CTRL_TRIG") >> 29 == 0


@pytest.mark.parametrize("words", [0, WORDS])
def test_the_sniffer_computes_the_usual_crc(words: int) -> None:
    bench, dma = dma_bench()
    put(dma, "SNIFF_DATA", 0xFFFFFFFF)
    put(dma, "SNIFF_CTRL", 1 | 4 << 1 | 1 << 5 | 1 << 10 | 1 << 11)
    start(dma, 4, EN | INCR_READ | SNIFF | ALWAYS | words | chain(4), count=8 if words else 32)
    bench.run(32)
    assert get(dma, "SNIFF_DATA") == binascii.crc32(bytes(range(32)))


def test_other_sums() -> None:
    crc = 0
    for byte in b"123456789":
        crc = sniffed(CRC16, crc, byte, 1)
    assert crc == 0x31C3  # CRC-16/XMODEM
    assert sniffed(SUM, 0xFFFFFFFF, 3, 4) == 2
    assert sniffed(PARITY, 1, 0b111, 4) == 0
