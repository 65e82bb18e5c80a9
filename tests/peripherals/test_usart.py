"""USART and LPUART: pace, flags, FIFO, interrupts, overrun, DMA requests."""

from __future__ import annotations

import pytest
from device_bench import Bench, get, put, round_trip

from peripherals.stm32.usart import Usart

UE, RE, TE = 1 << 0, 1 << 2, 1 << 3
RXNEIE, TCIE, TXEIE, IDLEIE, FIFOEN = 1 << 5, 1 << 6, 1 << 7, 1 << 4, 1 << 29
RXNE, TC, TXE, ORE, IDLE = 1 << 5, 1 << 6, 1 << 7, 1 << 3, 1 << 4
CHARACTER = 1000  # cycles: 10 bits of 100 clocks at the core's clock


def usart(bench: Bench, **parameters: object) -> Usart:
    device: Usart = bench.build(Usart, "usart1", lines=("global",), **{"clock": "core", **parameters})
    return device


def running(bench: Bench, control: int = 0, **parameters: object) -> Usart:
    device = usart(bench, **parameters)
    put(device, "BRR", 100)
    put(device, "CR1", UE | RE | TE | control)
    return device


def test_reset_values() -> None:
    device = usart(Bench(), fifo=8)
    assert get(device, "ISR") == 0xC0
    assert all(get(device, name) == 0 for name in ("CR1", "CR2", "CR3", "BRR", "PRESC"))
    assert "PRESC" not in [row.name for row in usart(Bench()).register_table()]


def test_transmission_is_paced_and_double_buffered() -> None:
    bench = Bench()
    device = running(bench)
    put(device, "TDR", ord("a"))
    assert get(device, "ISR") & (TXE | TC) == TXE  # it went to the shift register
    put(device, "TDR", ord("b"))
    assert get(device, "ISR") & (TXE | TC) == 0
    bench.run(CHARACTER - 1)
    assert bench.serial.sent == []
    bench.run(1)
    assert bench.serial.sent == [ord("a")]
    assert get(device, "ISR") & (TXE | TC) == TXE
    bench.run(CHARACTER)
    assert bytes(bench.serial.sent) == b"ab"
    assert get(device, "ISR") & (TXE | TC) == TXE | TC
    assert bench.serial.bauds == [10_000]
    assert bench.touches == 0  # status reads leave no trace


def test_reception_is_paced_and_waits_for_the_receiver() -> None:
    bench = Bench()
    device = usart(bench)
    bench.serial.feed(b"xyz")
    bench.run(10 * CHARACTER)
    assert bench.serial.waiting() == 3
    put(device, "BRR", 100)
    put(device, "CR1", UE | RE | RXNEIE)
    bench.run(CHARACTER)
    assert bench.lines["global"].level
    assert get(device, "RDR") == ord("x")
    assert bench.touches == 1
    assert not bench.lines["global"].level
    bench.run(CHARACTER)
    assert get(device, "RDR") == ord("y")
    assert not get(device, "ISR") & ORE


def test_overrun_only_when_the_firmware_is_late() -> None:
    bench = Bench()
    device = running(bench, RXNEIE)
    bench.serial.feed(b"12")
    bench.run(2 * CHARACTER)
    assert get(device, "ISR") & (ORE | RXNE) == ORE | RXNE
    assert get(device, "RDR") == ord("1")
    assert bench.lines["global"].level  # ORE alone still asks
    put(device, "ICR", ORE)
    assert not bench.lines["global"].level


def test_idle_line_flag() -> None:
    bench = Bench()
    device = running(bench, IDLEIE)
    bench.serial.feed(b"12")
    bench.run(3 * CHARACTER - 1)
    assert not get(device, "ISR") & IDLE
    bench.run(1)
    assert get(device, "ISR") & IDLE
    assert bench.lines["global"].level
    put(device, "ICR", IDLE)
    assert not bench.lines["global"].level


def test_fifo_holds_eight_and_thresholds_count() -> None:
    bench = Bench()
    device = running(bench, FIFOEN, fifo=8)
    put(device, "CR3", 2 << 25 | 1 << 28)  # receive threshold 4 of 8, with interrupt
    bench.serial.feed(b"123456789")
    bench.run(3 * CHARACTER)
    assert not bench.lines["global"].level
    bench.run(CHARACTER)
    assert bench.lines["global"].level
    bench.run(4 * CHARACTER)
    assert get(device, "ISR") & 1 << 24  # full
    assert not get(device, "ISR") & ORE
    bench.run(CHARACTER)
    assert get(device, "ISR") & ORE
    assert bytes(get(device, "RDR") for _ in range(8)) == b"12345678"
    for byte in b"abcdefghi":
        put(device, "TDR", byte)  # one in the shift register, eight in the FIFO
    assert not get(device, "ISR") & TXE
    bench.run(9 * CHARACTER)
    assert bytes(bench.serial.sent) == b"abcdefghi"
    assert get(device, "ISR") & 1 << 23  # empty


@pytest.mark.parametrize(
    ("parameters", "registers", "baud"),
    [
        ({}, {"BRR": 100}, 10_000),
        ({}, {"BRR": 0x1_04, "CR1": 1 << 15}, 2_000_000 // 0x108),  # OVER8: low digit is halved
        ({"lpuart": True}, {"BRR": 0x600}, 256 * 1_000_000 // 0x600),
        ({"fifo": 8}, {"BRR": 50, "PRESC": 1}, 10_000),
    ],
)
def test_baud_rates(parameters: dict[str, object], registers: dict[str, int], baud: int) -> None:
    bench = Bench()
    device = usart(bench, **parameters)
    for name, value in registers.items():
        put(device, name, value)
    put(device, "CR1", registers.get("CR1", 0) | UE | TE)
    assert bench.serial.bauds == [baud] or abs(bench.serial.bauds[0] - baud) <= 1


def test_lpuart_at_921600_from_120_mhz() -> None:
    bench = Bench(120_000_000)
    device = usart(bench, lpuart=True, fifo=8)
    put(device, "BRR", 33_333)  # 256 * 120 MHz / 921600, rounded
    put(device, "CR1", UE | TE)
    put(device, "TDR", 1)
    bench.run(1302)
    assert bench.serial.sent == []
    bench.run(1)
    assert bench.serial.sent == [1]


def test_clock_change_moves_the_character() -> None:
    bench = Bench()
    bench.clocks.frequencies["kernel"] = 1_000_000
    device = running(bench, clock="kernel")
    put(device, "TDR", 1)
    bench.run(500)
    bench.clocks.set({"kernel": 500_000})  # the second half takes twice as long
    bench.run(999)
    assert bench.serial.sent == []
    bench.run(1)
    assert bench.serial.sent == [1]
    assert bench.serial.bauds == [10_000, 5_000]


def test_parity_stays_on_the_wire() -> None:
    bench = Bench()
    device = running(bench, 1 << 12 | 1 << 10)  # nine bits, the last one even parity
    put(device, "TDR", 0x141)
    bench.serial.feed(b"\x07")
    bench.run(1100)
    assert bench.serial.sent == [0x41]
    assert get(device, "RDR") == 0x107


def test_dma_requests_follow_the_flags() -> None:
    bench = Bench()
    device = running(bench)
    put(device, "CR3", 1 << 6 | 1 << 7)
    assert bench.signals.get("dma:USART1_TX") == 1
    put(device, "TDR", 1)
    put(device, "TDR", 2)
    assert bench.signals.get("dma:USART1_TX") == 0
    bench.serial.feed(b"a")
    bench.run(CHARACTER)
    assert bench.signals.get("dma:USART1_RX") == 1
    get(device, "RDR")
    assert bench.signals.get("dma:USART1_RX") == 0


def test_disabling_stops_everything() -> None:
    bench = Bench()
    device = running(bench, TXEIE | TCIE)
    put(device, "TDR", 1)
    put(device, "CR1", 0)
    bench.serial.feed(b"a")
    bench.run(10 * CHARACTER)
    assert bench.serial.sent == []
    assert get(device, "ISR") == TC | TXE
    assert not bench.lines["global"].level


def test_modes_that_are_not_modelled_are_reported() -> None:
    bench = Bench()
    device = usart(bench)
    put(device, "CR3", 1 << 3)
    assert bench.unmodelled == [(8, "write", "half-duplex mode")]


def test_snapshot_in_the_middle_of_a_character() -> None:
    bench = Bench()
    device = running(bench, FIFOEN, fifo=8)
    for byte in b"abc":
        put(device, "TDR", byte)
    bench.run(1500)
    saved, clock, cycles = device.save(), bench.clock.save(), bench.cycles
    bench.run(5000)
    device.load(saved)
    bench.clock.load(clock)
    bench.cycles = cycles
    bench.run(5000)
    assert bytes(bench.serial.sent) == b"abcbc"
    round_trip(device)
