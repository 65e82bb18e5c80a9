"""DMA channels behind the request multiplexer."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip

from peripherals.stm32.dma import Dma, DmaMux
from peripherals.stm32.usart import Usart

EN, TCIE, HTIE, DIR, CIRC, PINC, MINC, MEM2MEM = (1 << n for n in (0, 1, 2, 4, 5, 6, 7, 14))
UART, BUFFER = 0x40008000, 0x20000000
RDR, TDR = UART + 0x24, UART + 0x28


def controllers(bench: Bench) -> tuple[Dma, DmaMux, Usart]:
    uart = bench.build(Usart, "lpuart1", base=UART, clock="core")
    mux = bench.build(DmaMux, "dmamux1", base=0x40020800, requests={"LPUART1_RX": 34, "LPUART1_TX": 35})
    dma = bench.build(Dma, "dma1", base=0x40020000, lines=("channel1", "channel2_3"), channels=3)
    put(uart, "BRR", 100)
    put(uart, "CR1", 0xD)
    put(uart, "CR3", 1 << 6 | 1 << 7)
    return dma, mux, uart


def set_up(dma: Dma, channel: int, peripheral: int, memory: int, count: int, control: int) -> None:
    put(dma, f"CPAR{channel}", peripheral)
    put(dma, f"CMAR{channel}", memory)
    put(dma, f"CNDTR{channel}", count)
    put(dma, f"CCR{channel}", control | EN)


def test_transmission() -> None:
    bench = Bench()
    dma, mux, _uart = controllers(bench)
    for i, byte in enumerate(b"hello"):
        bench.memory.write(BUFFER + i, 1, byte)
    put(mux, "C0CR", 35)
    set_up(dma, 1, TDR, BUFFER, 5, DIR | MINC | TCIE)
    assert get(dma, "CNDTR1") == 3  # one in the shift register, one waiting
    bench.run(2999)
    assert not bench.lines["channel1"].level
    bench.run(1)
    assert bench.lines["channel1"].level
    assert get(dma, "ISR") == 0b0111
    bench.run(2000)
    assert bytes(bench.serial.sent) == b"hello"
    put(dma, "IFCR", 1)
    assert get(dma, "ISR") == 0
    assert not bench.lines["channel1"].level


def test_a_controller_feeds_the_wire_when_the_core_has_stopped() -> None:
    bench = Bench()
    dma, mux, uart = controllers(bench)
    for i, byte in enumerate(b"hello"):
        bench.memory.write(BUFFER + i, 1, byte)
    put(mux, "C0CR", 35)
    set_up(dma, 1, TDR, BUFFER, 5, DIR | MINC)
    bench.run(1500)
    uart.send_held()
    assert bytes(bench.serial.sent) == b"hello"
    assert bench.cycles == 1500
    set_up(dma, 2, TDR, BUFFER, 5, DIR | MINC | CIRC)
    put(mux, "C1CR", 35)
    uart.send_held()  # in circular mode it would never end
    assert len(bench.serial.sent) > 1000


def test_circular_reception_with_half_interrupt() -> None:
    bench = Bench()
    dma, mux, _uart = controllers(bench)
    put(mux, "C1CR", 34)
    set_up(dma, 2, RDR, BUFFER, 4, MINC | CIRC | HTIE)
    bench.serial.feed(b"abcdef")
    bench.run(2000)
    assert bench.lines["channel2_3"].level
    put(dma, "IFCR", 0xF0)
    assert not bench.lines["channel2_3"].level
    bench.run(4000)
    assert bytes(bench.memory.bytes[BUFFER + i] for i in range(4)) == b"efcd"
    assert get(dma, "CNDTR2") == 2
    round_trip(dma)
    round_trip(mux)


def test_memory_to_memory_widens() -> None:
    bench = Bench()
    dma, _mux, _uart = controllers(bench)
    for i in range(4):
        bench.memory.write(BUFFER + i, 1, 0xA0 + i)
    set_up(dma, 3, BUFFER, BUFFER + 0x100, 4, MEM2MEM | PINC | MINC | 2 << 10)
    assert [bench.memory.read(BUFFER + 0x100 + 4 * i, 4) for i in range(4)] == [0xA0, 0xA1, 0xA2, 0xA3]
    assert get(dma, "ISR") == 0x700


def test_disabled_channel_ignores_requests() -> None:
    bench = Bench()
    dma, mux, uart = controllers(bench)
    put(mux, "C0CR", 34)
    bench.serial.feed(b"a")
    bench.run(1000)
    assert get(uart, "ISR") & 1 << 5
    set_up(dma, 1, RDR, BUFFER, 1, MINC)  # the waiting request is served on enabling
    assert bench.memory.bytes[BUFFER] == ord("a")
    assert not get(uart, "ISR") & 1 << 5


def test_what_is_left_out_is_reported_when_it_is_turned_on() -> None:
    """That transfers cost nothing once a controller; modes of the multiplexer where they are."""
    bench = Bench()
    dma, mux, _uart = controllers(bench)
    assert bench.unmodelled == []
    put(mux, "C0CR", 35)
    put(dma, "CCR1", EN)
    put(dma, "CCR1", 0)
    put(dma, "CCR2", EN)
    assert bench.unmodelled == [(8, "timing", "transfers take no time and hold no bus")]
    put(mux, "C1CR", 1 << 16)
    put(mux, "RG2CR", 1 << 16)
    assert bench.unmodelled[1:] == [
        (4, "write", "synchronised requests"),
        (0x108, "write", "request generators"),
    ]
