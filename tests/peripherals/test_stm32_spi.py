"""STM32's SPI masters with nobody on the wires: three generations, their FIFOs, flags, interrupts and DMA."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, put, round_trip

from peripherals.stm32.dma import SelectingDma
from peripherals.stm32.spi import FifoSpi, Spi
from peripherals.stm32.spi_h7 import SpiH7

LINES = ("global",)
MSTR, SPE, SSI, SSM, RXONLY, DFF, BIDIOE, BIDIMODE = (1 << n for n in (2, 6, 8, 9, 10, 11, 14, 15))
MASTER = MSTR | SSM | SSI
RXNE, TXE, MODF, OVR, BSY = 1, 2, 1 << 5, 1 << 6, 1 << 7
RXDMAEN, TXDMAEN, ERRIE, RXNEIE, TXEIE = 1, 2, 1 << 5, 1 << 6, 1 << 7
FRAME = 16  # cycles: eight bits of two ticks
EIGHT_BITS, EACH_BYTE = 7 << 8, 1 << 12


def build(kind: type[Any], bench: Bench, control: int = MASTER | SPE, **parameters: Any) -> Any:
    device = bench.build(kind, "spi1", lines=LINES, **parameters)
    put(device, "CR1", control)
    return device


@pytest.mark.parametrize(("level", "expected"), [(1, 0xFF), (0, 0)])
def test_a_frame_takes_its_time_and_reads_the_level_of_miso(level: int, expected: int) -> None:
    bench = Bench()
    device = build(Spi, bench, miso=level)
    assert get(device, "SR") == TXE
    put(device, "DR", 0xA5)
    assert get(device, "SR") == TXE | BSY  # it is in the shift register already
    bench.run(FRAME - 1)
    assert get(device, "SR") == TXE | BSY
    bench.run(1)
    assert get(device, "SR") == TXE | RXNE
    round_trip(device)
    assert get(device, "DR") == expected
    assert get(device, "SR") == TXE


def test_a_second_frame_waits_and_follows_without_a_pause() -> None:
    bench = Bench()
    device = build(Spi, bench, MASTER | SPE | DFF | 1 << 3)  # 16 bits of four ticks
    put(device, "DR", 1)
    put(device, "DR", 2)
    assert get(device, "SR") == BSY
    bench.run(64)
    assert get(device, "SR") == TXE | BSY | RXNE
    assert get(device, "DR") == 0xFFFF
    bench.run(64)
    assert get(device, "SR") == TXE | RXNE


def test_what_nobody_reads_is_an_overrun_until_dr_and_then_sr_are_read() -> None:
    bench = Bench()
    device = build(Spi, bench)
    put(device, "CR2", ERRIE)
    for _ in range(2):
        put(device, "DR", 0)
        bench.run(FRAME)
    assert get(device, "SR") == TXE | RXNE | OVR
    assert bench.lines["global"].level
    assert get(device, "SR") & OVR
    get(device, "DR")
    assert get(device, "SR") == TXE | OVR
    assert get(device, "SR") == TXE
    assert not bench.lines["global"].level


def test_one_line_that_sends_receives_nothing() -> None:
    bench = Bench()
    device = build(Spi, bench, MASTER | SPE | BIDIMODE | BIDIOE)
    put(device, "DR", 0)
    bench.run(FRAME)
    assert get(device, "SR") == TXE


@pytest.mark.parametrize("mode", [RXONLY, BIDIMODE])
def test_a_master_that_receives_alone_clocks_as_long_as_it_is_on(mode: int) -> None:
    bench = Bench()
    device = build(Spi, bench, MASTER | SPE | mode)
    for _ in range(3):
        bench.run(FRAME)
        assert get(device, "SR") & RXNE
        get(device, "DR")
    bench.run(10 * FRAME)
    assert get(device, "SR") & OVR
    put(device, "CR1", MASTER | mode)
    assert not get(device, "SR") & BSY


def test_a_select_that_is_low_ends_being_a_master() -> None:
    bench = Bench()
    device = build(Spi, bench, MSTR | SSM | SPE)
    assert (get(device, "SR"), get(device, "CR1")) == (TXE | MODF, SSM)
    put(device, "CR1", MASTER | SPE)
    assert get(device, "SR") == TXE


def test_the_line_follows_flags_and_enables() -> None:
    bench = Bench()
    device = build(Spi, bench)
    line = bench.lines["global"]
    put(device, "CR2", TXEIE)
    assert line.level
    put(device, "CR2", RXNEIE)
    assert not line.level
    put(device, "DR", 0)
    bench.run(FRAME)
    assert line.level
    get(device, "DR")
    assert not line.level


def test_a_slave_is_never_clocked() -> None:
    bench = Bench()
    device = build(Spi, bench, SSM | SPE)
    put(device, "DR", 0x12)
    bench.run(1000)
    assert get(device, "SR") == 0


def test_what_is_not_modelled_is_told() -> None:
    bench = Bench()
    device = build(Spi, bench, MASTER | 1 << 13)
    put(device, "CR2", 1 << 4)
    put(device, "I2SCFGR", 1 << 11)
    assert [what for _o, _a, what in bench.unmodelled] == ["the CRC of SPI", "TI's frames", "I2S"]


# -- with FIFOs ----------------------------------------------------------------------------------
def test_fifos_hold_four_bytes_and_tell_their_levels() -> None:
    bench = Bench()
    device = build(FifoSpi, bench, MASTER)
    put(device, "CR2", EIGHT_BITS | EACH_BYTE)
    for count, seen in enumerate((TXE | 1 << 11, TXE | 2 << 11, 3 << 11, 3 << 11), 1):
        device.write(0x0C, 1, count)
        assert get(device, "SR") == seen
    put(device, "CR1", MASTER | SPE)
    assert get(device, "SR") == BSY | 3 << 11
    bench.run(FRAME)
    assert get(device, "SR") == TXE | BSY | RXNE | 2 << 11 | 1 << 9
    bench.run(3 * FRAME)
    assert get(device, "SR") == TXE | RXNE | 3 << 9
    assert [device.read(0x0C, 1) for _ in range(4)] == [0xFF] * 4
    assert get(device, "SR") == TXE


def test_two_bytes_in_one_access_are_two_frames() -> None:
    """The flag for a half-word's worth (FRXTH 0) comes with the second of them."""
    bench = Bench()
    device = build(FifoSpi, bench, MASTER)
    put(device, "CR2", EIGHT_BITS)
    put(device, "CR1", MASTER | SPE)
    device.write(0x0C, 2, 0x1234)
    bench.run(FRAME)
    assert not get(device, "SR") & RXNE
    bench.run(FRAME)
    assert get(device, "SR") & RXNE
    assert device.read(0x0C, 2) == 0xFFFF
    put(device, "CR2", 4 << 8 | EACH_BYTE)  # five bits
    device.write(0x0C, 1, 0xFF)
    bench.run(10)
    assert device.read(0x0C, 1) == 0x1F


@pytest.mark.parametrize("kind", [Spi, FifoSpi])
def test_dma_exchanges_a_block(kind: type[Any]) -> None:
    """RM0351: SPI1_RX is channel 2, selection 1, and SPI1_TX channel 3 of DMA1."""
    bench = Bench()
    device = bench.build(kind, "spi1", base=0x40013000, lines=LINES)
    dma = bench.build(
        SelectingDma, "dma1", base=0x40020000, requests={"SPI1_RX": ["2.1"], "SPI1_TX": ["3.1"]}
    )
    bench.memory.bytes.update({0x1000 + n: n for n in range(10)})
    put(dma, "CSELR", 1 << 4 | 1 << 8)
    for channel, memory, way in ((2, 0x2000, 0), (3, 0x1000, 1 << 4)):
        put(dma, f"CPAR{channel}", 0x4001300C)
        put(dma, f"CMAR{channel}", memory)
        put(dma, f"CNDTR{channel}", 10)
        put(dma, f"CCR{channel}", 1 | way | 1 << 7)
    more = EIGHT_BITS | EACH_BYTE if kind is FifoSpi else 0
    put(device, "CR2", more | RXDMAEN | TXDMAEN)
    put(device, "CR1", MASTER | SPE)
    bench.run(10 * FRAME)
    assert (get(dma, "CNDTR2"), get(dma, "CNDTR3")) == (0, 0)
    assert [bench.memory.bytes[0x2000 + n] for n in range(10)] == [0xFF] * 10


# -- H7, U5: registers of RM0433 chapter 50 --------------------------------------------------------
CSTART, CSUSP, HDDIR, H7_SSI = 1 << 9, 1 << 10, 1 << 11, 1 << 12
H7_MASTER, H7_SSM = 1 << 22, 1 << 26
RXP, TXP, DXP, EOT, TXTF, H7_OVR = (1 << n for n in (0, 1, 2, 3, 4, 6))
H7_MODF, SUSP, TXC, RXWNE = 1 << 9, 1 << 11, 1 << 12, 1 << 15


def newest(bench: Bench, size: int, way: int = 0, on: int = 1 | H7_SSI, **parameters: Any) -> SpiH7:
    device: SpiH7 = bench.build(SpiH7, "spi1", lines=LINES, **parameters)
    put(device, "CFG1", 7)
    put(device, "CFG2", H7_MASTER | H7_SSM | way << 17)
    put(device, "CR2", size)
    put(device, "CR1", on)
    return device


def test_a_transfer_of_some_frames_ends_with_eot() -> None:
    bench = Bench()
    device = newest(bench, 3)
    put(device, "IER", EOT)
    assert get(device, "SR") == TXP | 3 << 16
    put(device, "CR1", 1 | H7_SSI | CSTART)
    for byte in range(3):
        device.write(0x20, 1, byte)
    assert get(device, "SR") == TXTF | 3 << 16  # all are written: no more room is told
    bench.run(FRAME)
    assert get(device, "SR") == TXTF | RXP | 1 << 13 | 2 << 16
    assert not bench.lines["global"].level
    bench.run(2 * FRAME)
    assert get(device, "SR") == TXTF | RXP | EOT | TXC | 3 << 13
    assert get(device, "CR1") == 1 | H7_SSI
    assert bench.lines["global"].level
    round_trip(device)
    assert [device.read(0x30, 1) for _ in range(3)] == [0xFF] * 3
    put(device, "IFCR", EOT | TXTF)
    assert get(device, "SR") == TXP | 3 << 16
    assert not bench.lines["global"].level


def test_words_hold_four_bytes_each_way() -> None:
    bench = Bench()
    device = newest(bench, 4)
    put(device, "CFG1", 7 | 3 << 5)  # packets of four
    put(device, "CR1", 1 | H7_SSI | CSTART)
    put(device, "TXDR", 0x04030201)
    bench.run(4 * FRAME)
    assert get(device, "SR") & (RXWNE | RXP | 3 << 13) == RXWNE | RXP
    assert get(device, "RXDR") == 0xFFFFFFFF


def test_a_master_that_receives_alone_needs_nothing_to_send() -> None:
    bench = Bench()
    device = newest(bench, 20, way=2)
    put(device, "CR1", 1 | H7_SSI | CSTART)
    bench.run(17 * FRAME)
    assert get(device, "SR") & H7_OVR  # sixteen bytes of FIFO, and nobody reads
    suspended = newest(Bench(), 20, way=2, on=1 | H7_SSI | 1 << 8)
    put(suspended, "CR1", 1 | H7_SSI | 1 << 8 | CSTART)
    assert not get(suspended, "SR") & H7_OVR


def test_automatic_suspension_waits_for_the_reader() -> None:
    bench = Bench()
    device = newest(bench, 20, way=2, fifo_bytes=8, on=1 | H7_SSI | 1 << 8)
    put(device, "CR1", 1 | H7_SSI | 1 << 8 | CSTART)
    bench.run(100 * FRAME)
    assert get(device, "SR") >> 16 == 12
    got = 0
    while get(device, "SR") & RXP:
        device.read(0x30, 1)
        got += 1
        bench.run(FRAME)
    assert got == 20
    assert get(device, "SR") & (EOT | H7_OVR) == EOT


def test_an_endless_transfer_goes_on_until_it_is_suspended() -> None:
    bench = Bench()
    device = newest(bench, 0, way=1)
    put(device, "CR1", 1 | H7_SSI | CSTART)
    device.write(0x20, 1, 1)
    assert not get(device, "SR") & TXC
    bench.run(FRAME)
    assert get(device, "SR") == TXP | TXC
    put(device, "CR1", 1 | H7_SSI | CSTART | CSUSP)
    assert get(device, "SR") & SUSP
    device.write(0x20, 1, 1)
    bench.run(10 * FRAME)
    assert not get(device, "SR") & TXC
    put(device, "CR1", 0)
    assert get(device, "SR") == TXP | TXC


def test_one_line_turns_by_hddir_and_a_low_select_is_a_fault() -> None:
    bench = Bench()
    device = newest(bench, 1, way=3, on=1 | H7_SSI | HDDIR)
    put(device, "CR1", 1 | H7_SSI | HDDIR | CSTART)
    device.write(0x20, 1, 1)
    bench.run(FRAME)
    assert get(device, "SR") == TXTF | EOT | TXC
    put(device, "CR1", 0)
    put(device, "CR1", 1)
    assert (get(device, "SR") & H7_MODF, get(device, "CR1")) == (H7_MODF, 0)
    put(device, "CFG1", 7 | 1 << 22)
    put(device, "CFG2", 1 << 19)
    put(device, "I2SCFGR", 1)
    assert [what for _o, _a, what in bench.unmodelled] == ["the CRC of SPI", "TI's frames", "I2S"]
