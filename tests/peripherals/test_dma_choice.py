"""DMA controllers without a multiplexer: what is wired to a channel, what CSELR or CHSEL selects there."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, put, round_trip

from emulator.schema.checks import value_problems
from peripherals.stm32.dma import ChosenDmaParameters, SelectingDma, WiredDma
from peripherals.stm32.dma_streams import SelectingStreams
from peripherals.stm32.usart_v1 import UsartV1

UART, BUFFER = 0x40004400, 0x20000000
DR = 0x04
CHANNEL_ON = 1 << 0 | 1 << 1 | 1 << 7  # EN, TCIE, MINC
STREAM_ON = 1 << 0 | 1 << 4 | 1 << 10
TEXT = b"hello"


def add_uart(bench: Bench) -> None:
    """It sends a character in 1000 cycles; beside it, text in memory."""
    uart = bench.build(UsartV1, "usart2", base=UART, clock="core")
    put(uart, "BRR", 100)
    put(uart, "CR1", 1 << 13 | 0xC)
    put(uart, "CR3", 1 << 6 | 1 << 7)
    bench.memory.write_all(BUFFER, TEXT)


def send(dma: Any, channel: int, control: int = CHANNEL_ON) -> None:
    put(dma, f"CPAR{channel}", UART + DR)
    put(dma, f"CMAR{channel}", BUFFER)
    put(dma, f"CNDTR{channel}", len(TEXT))
    put(dma, f"CCR{channel}", control | 1 << 4)


def test_a_channel_answers_what_is_wired_to_it() -> None:
    bench = Bench()
    add_uart(bench)
    wired = {"USART2_TX": ["7"], "USART2_RX": ["6"], "USART1_RX": ["6"]}
    dma = bench.build(WiredDma, "dma1", base=0x40020000, lines=("channel7",), requests=wired)
    send(dma, 2)
    bench.run(10_000)
    assert bench.serial.sent == [], "nothing is wired to channel 2"
    send(dma, 7)
    bench.run(10_000)
    assert bytes(bench.serial.sent) == TEXT
    assert bench.lines["channel7"].level
    round_trip(dma)


@pytest.mark.parametrize(("selected", "sent"), [(2, TEXT), (1, b""), (0, b"")])
def test_cselr_selects(selected: int, sent: bytes) -> None:
    bench = Bench()
    add_uart(bench)
    dma = bench.build(
        SelectingDma, "dma1", base=0x40020000, requests={"USART2_TX": ["7.2"], "USART1_TX": ["4.2"]}
    )
    put(dma, "CSELR", selected << 24)
    send(dma, 7)
    bench.run(10_000)
    assert bytes(bench.serial.sent) == sent


def test_cselr_may_follow_the_channels_start() -> None:
    bench = Bench()
    add_uart(bench)
    dma = bench.build(SelectingDma, "dma1", base=0x40020000, requests={"USART2_TX": ["7.2"]})
    send(dma, 7)
    put(dma, "CSELR", 2 << 24)
    bench.run(10_000)
    assert bytes(bench.serial.sent) == TEXT


@pytest.mark.parametrize(("channel", "sent"), [(4, TEXT), (7, b"")])
def test_chsel_selects(channel: int, sent: bytes) -> None:
    bench = Bench()
    add_uart(bench)
    dma = bench.build(
        SelectingStreams, "dma1", base=0x40026000, lines=("stream6",), requests={"USART2_TX": ["6.4"]}
    )
    put(dma, "S6PAR", UART + DR)
    put(dma, "S6M0AR", BUFFER)
    put(dma, "S6NDTR", len(TEXT))
    put(dma, "S6CR", STREAM_ON | 1 << 6 | channel << 25)
    assert get(dma, "S6CR") >> 25 & 0xF == channel
    bench.run(10_000)
    assert bytes(bench.serial.sent) == sent
    assert bench.lines["stream6"].level == bool(sent)
    round_trip(dma)


def test_received_characters_come_to_the_stream_that_selects_them() -> None:
    bench = Bench()
    add_uart(bench)
    dma = bench.build(SelectingStreams, "dma2", base=0x40026400, requests={"USART2_RX": ["2.4", "5.4"]})
    for stream, channel in ((2, 3), (5, 4)):
        put(dma, f"S{stream}PAR", UART + DR)
        put(dma, f"S{stream}M0AR", BUFFER + 16 * stream)
        put(dma, f"S{stream}NDTR", 3)
        put(dma, f"S{stream}CR", STREAM_ON | channel << 25)
    bench.serial.feed(b"abc")
    bench.run(10_000)
    assert bytes(bench.memory.read(BUFFER + 80 + n, 1) for n in range(3)) == b"abc"
    assert (get(dma, "S2NDTR"), get(dma, "S5NDTR")) == (3, 0)


def test_a_place_is_a_channel_and_a_selection() -> None:
    for wrong in ("x", "5.", "9.1", "5.16"):
        assert list(value_problems(ChosenDmaParameters, {"requests": {"USART2_TX": [wrong]}})), wrong
    assert not list(value_problems(ChosenDmaParameters, {"requests": {"USART2_TX": ["5.15", "7"]}}))
