"""UART and UARTE of nRF52 and nRF53 on the bench."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, offset_of, put, round_trip
from nordic_bench import PERIPHERAL_CYCLES, clear, clocked_bench, do, happened

from peripherals.nordic.uarte import Uarte

RATES = {
    0x0004F000: 1205, 0x0009D000: 2396, 0x0013B000: 4808, 0x00275000: 9598, 0x003AF000: 14401,
    0x004EA000: 19208, 0x0075C000: 28777, 0x009D0000: 38369, 0x00EB0000: 57554, 0x013A9000: 76923,
    0x01D60000: 115108, 0x03B00000: 231884, 0x04000000: 250000, 0x07400000: 457143, 0x0F000000: 941176,
    0x10000000: 1000000,
}  # fmt: skip
"""nRF52840 PS, UARTE, BAUDRATE: the actual rates."""
RAM = 0x20000100
CHARACTER = 10 * 16 * PERIPHERAL_CYCLES
"""Cycles of one at 1 Mbit/s."""


def uarte(bench: Bench, mode: int = 8, baudrate: int = 0x10000000, **parameters: Any) -> Uarte:
    device: Uarte = bench.build(Uarte, "uarte", lines=("global",), **parameters)
    put(device, "PSEL_TXD", 6)
    put(device, "PSEL_RXD", 8)
    put(device, "BAUDRATE", baudrate)
    put(device, "ENABLE", mode)
    return device


def lend(device: Uarte, direction: str, address: int, size_bytes: int) -> None:
    put(device, f"{direction}_PTR", address)
    put(device, f"{direction}_MAXCNT", size_bytes)


def held(bench: Bench, address: int, size_bytes: int) -> bytes:
    return bytes(bench.memory.read(address + i, 1) for i in range(size_bytes))


@pytest.mark.parametrize(("register", "baud"), RATES.items())
def test_baud_rates_are_those_of_the_manual(register: int, baud: int) -> None:
    bench = clocked_bench()
    device = uarte(bench, baudrate=register)
    do(device, "STARTTX")
    assert bench.serial.bauds[-1] == baud


def test_byte_registers_send_and_receive() -> None:
    bench = clocked_bench()
    device = uarte(bench, mode=4)
    put(device, "TXD", 0x41)
    bench.run(2 * CHARACTER)
    assert bench.serial.sent == [], "nothing is sent before STARTTX"
    do(device, "STARTTX")
    put(device, "TXD", 0x42)
    bench.run(CHARACTER)
    assert bench.serial.sent == [0x42]
    assert happened(device, "TXDRDY")
    do(device, "STARTRX")
    bench.serial.feed(b"xyz")
    bench.run(3 * CHARACTER)
    for expected in b"xyz":
        assert happened(device, "RXDRDY")
        clear(device, "RXDRDY")
        assert get(device, "RXD") == expected
    assert not happened(device, "RXDRDY")
    assert not happened(device, "ERROR")


def test_dma_sends_a_buffer() -> None:
    bench = clocked_bench()
    device = uarte(bench)
    bench.memory.write_all(RAM, b"hello")
    lend(device, "TXD", RAM, 5)
    put(device, "INTENSET", 1 << 8)
    do(device, "STARTTX")
    assert happened(device, "TXSTARTED")
    put(device, "TXD_PTR", 0x20000800)  # double buffered: what is under way keeps its own
    bench.run(5 * CHARACTER - 1)
    assert not happened(device, "ENDTX")
    bench.run(1)
    assert bytes(bench.serial.sent) == b"hello"
    assert happened(device, "ENDTX")
    assert get(device, "TXD_AMOUNT") == 5
    assert bench.lines["global"].level
    round_trip(device)


def test_stopping_the_transmitter_ends_behind_the_character_on_the_wire() -> None:
    bench = clocked_bench()
    device = uarte(bench)
    bench.memory.write_all(RAM, b"hello")
    lend(device, "TXD", RAM, 5)
    do(device, "STARTTX")
    bench.run(CHARACTER + CHARACTER // 2)
    do(device, "STOPTX")
    assert not happened(device, "TXSTOPPED")
    bench.run(10 * CHARACTER)
    assert happened(device, "TXSTOPPED")
    assert bytes(bench.serial.sent) == b"he"
    assert get(device, "TXD_AMOUNT") == 2


def test_dma_receives_into_one_buffer_behind_another() -> None:
    bench = clocked_bench()
    device = uarte(bench)
    put(device, "SHORTS", 1 << 5)  # ENDRX_STARTRX
    lend(device, "RXD", RAM, 4)
    do(device, "STARTRX")
    assert happened(device, "RXSTARTED")
    put(device, "RXD_PTR", RAM + 0x40)  # for the next
    bench.serial.feed(b"abcdefgh")
    bench.run(4 * CHARACTER)
    assert happened(device, "ENDRX")
    assert get(device, "RXD_AMOUNT") == 4
    assert held(bench, RAM, 4) == b"abcd"
    clear(device, "ENDRX")
    bench.run(2 * CHARACTER)
    assert not happened(device, "ENDRX")
    do(device, "STOPRX")
    assert happened(device, "ENDRX")
    assert get(device, "RXD_AMOUNT") == 2
    assert held(bench, RAM + 0x40, 2) == b"ef"


def test_stopping_the_receiver_times_out_and_flushing_empties_the_fifo() -> None:
    bench = clocked_bench()
    device = uarte(bench)
    lend(device, "RXD", RAM, 8)
    do(device, "STARTRX")
    bench.serial.feed(b"abc")
    bench.run(CHARACTER)
    do(device, "STOPRX")
    assert get(device, "RXD_AMOUNT") == 1
    assert not happened(device, "RXTO")
    bench.run(5 * CHARACTER)
    assert happened(device, "RXTO")
    clear(device, "ENDRX")
    put(device, "RXD_PTR", RAM + 0x40)
    do(device, "FLUSHRX")
    assert happened(device, "ENDRX")
    assert get(device, "RXD_AMOUNT") == 2
    assert held(bench, RAM + 0x40, 2) == b"bc"


def test_characters_without_a_buffer_overrun() -> None:
    bench = clocked_bench()
    device = uarte(bench)
    lend(device, "RXD", RAM, 1)
    do(device, "STARTRX")
    bench.serial.feed(b"abcdef")
    bench.run(5 * CHARACTER)
    assert not happened(device, "ERROR"), "four wait in the FIFO"
    bench.run(CHARACTER)
    assert happened(device, "ERROR")
    assert get(device, "ERRORSRC") == 1
    put(device, "ERRORSRC", 1)
    assert get(device, "ERRORSRC") == 0


def test_dma_outside_ram_is_told() -> None:
    bench = clocked_bench()
    device = uarte(bench)
    lend(device, "TXD", 0x1000, 1)
    do(device, "STARTTX")
    assert bench.unmodelled == [(offset_of(device, "TXD_PTR"), "write", "EasyDMA outside RAM")]
