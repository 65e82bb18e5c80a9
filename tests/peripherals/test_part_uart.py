"""The UART part by itself: buffers, frames, overrun, pace, snapshots; and the wires of DMA requests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from device_bench import Bench

from peripherals.parts.dma_requests import DmaRequests
from peripherals.parts.uart import EVEN_PARITY, ODD_PARITY, Frame, Uart, UartSetting
from peripherals.stm32.usart import Usart

CHARACTER = 1000  # cycles: 10 bits of 100 clocks at the core's clock
ON = UartSetting(send_on=True, receive_on=True, clock_hz=1_000_000, bit_clocks=100)


class Heard:
    """A UART and what it told its device."""

    def __init__(self, bench: Bench) -> None:
        self.events: list[tuple[object, ...]] = []
        self.uart = Uart(
            bench.context(),
            on_sent=lambda finished: self.events.append(("sent", finished)),
            on_received=lambda data, no_room: self.events.append(("received", data, no_room)),
            on_loaded=lambda: self.events.append(("loaded",)),
            on_quiet=lambda: self.events.append(("quiet",)),
        )


@pytest.mark.parametrize(
    ("frame", "half_bits", "written", "sent", "received"),
    [
        (Frame(), 20, 0x1A5, 0xA5, 0xA5),
        (Frame(7, half_stop_bits=4), 20, 0xFF, 0x7F, 0x7F),
        (Frame(8, EVEN_PARITY, shows_parity=True), 22, 0x07, 0x07, 0x107),
        (Frame(8, ODD_PARITY, shows_parity=True), 22, 0x07, 0x07, 0x007),
        (Frame(8, ODD_PARITY, half_stop_bits=3), 23, 0x06, 0x06, 0x06),
        (Frame(9, half_stop_bits=1), 21, 0x3FF, 0x1FF, 0x1FF),
    ],
)
def test_frames(frame: Frame, half_bits: int, written: int, sent: int, received: int) -> None:
    assert frame.half_bits == half_bits
    assert frame.data(written) == sent
    assert frame.received(sent) == received


def test_a_data_register_and_a_shift_register() -> None:
    bench = Bench()
    heard = Heard(bench)
    heard.uart.configure(ON)
    assert heard.uart.write(ord("a"))
    assert heard.uart.sending
    assert heard.uart.write(ord("b"))
    assert not heard.uart.write(ord("c")), "b is replaced"
    assert not heard.uart.write(ord("d"), overwrites=False), "d is lost"
    bench.run(CHARACTER)
    assert heard.events == [("loaded",), ("loaded",), ("sent", False)]
    bench.run(CHARACTER)
    assert bytes(bench.serial.sent) == b"ac"
    assert heard.events[-1] == ("sent", True)
    assert bench.serial.bauds == [10_000]


def test_what_could_not_be_sent_goes_when_it_can() -> None:
    bench = Bench()
    heard = Heard(bench)
    heard.uart.configure(replace(ON, send_on=False, depth=4))
    for byte in b"xy":
        heard.uart.write(byte)
    bench.run(10 * CHARACTER)
    assert bench.serial.sent == []
    heard.uart.configure(replace(ON, depth=4, clock_hz=0))
    bench.run(10 * CHARACTER)
    assert not heard.uart.sending, "no clock runs"
    heard.uart.configure(replace(ON, depth=4))
    bench.run(2 * CHARACTER)
    assert bytes(bench.serial.sent) == b"xy"


@pytest.mark.parametrize(
    ("setting", "kept", "lost"),
    [
        (ON, b"1", [False, True, True]),
        (replace(ON, receive_overwrites=True), b"3", [False, True, True]),
        (replace(ON, depth=2), b"12", [False, False, True]),
        (replace(ON, receive_drops=True), b"", []),
    ],
)
def test_no_room(setting: UartSetting, kept: bytes, lost: list[bool]) -> None:
    bench = Bench()
    heard = Heard(bench)
    heard.uart.configure(setting)
    bench.serial.feed(b"123")
    bench.run(3 * CHARACTER)
    assert [event[2] for event in heard.events if event[0] == "received"] == lost
    bench.run(CHARACTER)
    assert heard.events[-1] == ("quiet",)
    assert bytes(iter(heard.uart.take, None)) == kept


def test_the_host_waits_for_the_receiver_and_another_baud_rate_takes_hold_at_once() -> None:
    bench = Bench()
    heard = Heard(bench)
    bench.serial.feed(b"1")
    heard.uart.configure(replace(ON, receive_on=False))
    bench.run(5 * CHARACTER)
    assert bench.serial.waiting() == 1
    heard.uart.configure(ON)
    bench.run(CHARACTER // 2)
    assert heard.uart.receiving
    heard.uart.configure(replace(ON, bit_clocks=50))
    bench.run(CHARACTER // 4 - 1)
    assert heard.uart.take() is None
    bench.run(1)
    assert heard.uart.take() == ord("1")
    assert bench.serial.bauds == [10_000, 20_000]


def test_stop_abandons_and_a_snapshot_holds_all() -> None:
    bench = Bench()
    heard = Heard(bench)
    heard.uart.configure(replace(ON, depth=4, frame=Frame(7)))
    for byte in b"ab":
        heard.uart.write(byte)
    bench.serial.feed(b"12")
    bench.run(CHARACTER)
    saved, clock, cycles = heard.uart.save(), bench.clock.save(), bench.cycles
    heard.uart.stop()
    assert not heard.uart.sending
    assert heard.uart.take() is None
    bench.run(CHARACTER)
    assert bytes(bench.serial.sent) == b"a"
    heard.uart.load(saved)
    bench.clock.load(clock)
    bench.cycles = cycles
    assert heard.uart.save() == saved
    bench.run(CHARACTER)
    assert bytes(bench.serial.sent) == b"ab"
    assert bytes(iter(heard.uart.take, None)) == b"12"


def test_request_wires() -> None:
    bench = Bench()
    requests = DmaRequests(bench.context("uart7"), "SERIAL")
    requests.set(receive=True, send=False)
    requests.set(receive=False, send=True)
    assert bench.signals.history == [("dma:SERIAL_RX", 1), ("dma:SERIAL_RX", 0), ("dma:SERIAL_TX", 1)]


@pytest.mark.parametrize(("parameters", "wire"), [({}, "dma:UART7_TX"), ({"dma": "SERIAL"}, "dma:SERIAL_TX")])
def test_request_wires_are_called_as_the_board_says(parameters: dict[str, object], wire: str) -> None:
    bench = Bench()
    usart = bench.build(Usart, "uart7", **parameters)
    usart.write(0x08, 4, 1 << 7)  # CR3: DMAT
    usart.write(0x00, 4, 1 << 3 | 1)  # CR1: TE, UE
    assert bench.signals.levels[wire] == 1


def test_held_characters_leave_at_once() -> None:
    bench = Bench()
    heard = Heard(bench)
    heard.uart.send_held()
    heard.uart.configure(replace(ON, depth=4))
    for byte in b"abc":
        heard.uart.write(byte)
    bench.run(CHARACTER // 2)
    heard.uart.send_held()
    assert bytes(bench.serial.sent) == b"abc"
    assert heard.events[-1] == ("sent", True)
    assert bench.cycles == CHARACTER // 2
    assert bench.clock.next_cycles() > 1 << 62, "nothing is left to send"
