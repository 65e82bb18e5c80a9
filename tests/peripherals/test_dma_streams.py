"""DMA streams of STM32H7, behind the request multiplexer."""

from __future__ import annotations

import pytest
from device_bench import get, put, round_trip
from dma_desk import FRAME, DmaDesk

from peripherals.stm32.dma import DmaMux
from peripherals.stm32.dma_streams import DmaStreams

EN, TEIE, HTIE, TCIE, PFCTRL = 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5
FROM_MEMORY, MEM2MEM, CIRC, PINC, MINC = 1 << 6, 2 << 6, 1 << 8, 1 << 9, 1 << 10
P16, P32, M16, M32, PINCOS, DBM, CT = 1 << 11, 2 << 11, 1 << 13, 2 << 13, 1 << 15, 1 << 18, 1 << 19
DMDIS = 1 << 2
UART, SAI, BUFFER, OTHER = 0x40011000, 0x40015800, 0x24000000, 0x24001000
RDR, TDR, A_DR = UART + 0x24, UART + 0x28, SAI + 0x20


class Desk(DmaDesk):
    """With the second controller, behind the multiplexer."""

    SOURCE = TARGET = BUFFER

    def __init__(self) -> None:
        super().__init__("usart1", UART, SAI)
        self.mux: DmaMux = self.bench.build(
            DmaMux, "dmamux1", base=0x40020800, channels=16, generators=8,
            requests={"USART1_RX": 41, "USART1_TX": 42, "SAI1_A": 87},
        )  # fmt: skip
        lines = tuple(f"stream{n}" for n in range(8))
        self.dma: DmaStreams = self.bench.build(
            DmaStreams, "dma2", base=0x40020400, lines=lines, first_request=8
        )

    def start(self, n: int, peripheral: int, memory: int, count: int, control: int, fifo: int = 0) -> None:
        put(self.dma, f"S{n}PAR", peripheral)
        put(self.dma, f"S{n}M0AR", memory)
        put(self.dma, f"S{n}NDTR", count)
        put(self.dma, f"S{n}FCR", fifo)
        put(self.dma, f"S{n}CR", control | EN)

    def audio(self, n: int, count: int, control: int) -> None:
        put(self.mux, f"C{8 + n}CR", 87)
        self.start(n, A_DR, BUFFER, count, control | MINC | P16 | M16)
        self.listen()


@pytest.mark.parametrize("stream", [0, 3, 4, 7])
def test_a_uart_sends_from_memory(stream: int) -> None:
    desk = Desk()
    desk.fill(b"hello")
    put(desk.mux, f"C{8 + stream}CR", 42)
    desk.start(stream, TDR, BUFFER, 5, FROM_MEMORY | MINC | TCIE)
    desk.bench.run(2999)
    line = desk.bench.lines[f"stream{stream}"]
    assert not line.level
    desk.bench.run(1)
    assert line.level
    assert not get(desk.dma, f"S{stream}CR") & EN  # the stream has ended by itself
    register, clear = ("LISR", "LIFCR") if stream < 4 else ("HISR", "HIFCR")
    shift = (0, 6, 16, 22)[stream % 4]
    assert get(desk.dma, register) == 0b110000 << shift
    put(desk.dma, clear, 1 << shift + 5)
    assert get(desk.dma, register) == 0b010000 << shift
    assert not line.level
    desk.bench.run(2000)
    assert bytes(desk.bench.serial.sent) == b"hello"


def test_circular_reception() -> None:
    desk = Desk()
    put(desk.mux, "C9CR", 41)
    desk.start(1, RDR, BUFFER, 4, MINC | CIRC | HTIE)
    desk.bench.serial.feed(b"abcdef")
    desk.bench.run(2000)
    assert desk.bench.lines["stream1"].level
    desk.bench.run(4000)
    assert desk.bytes(4) == b"efcd"
    assert get(desk.dma, "S1NDTR") == 2
    put(desk.dma, "S1NDTR", 7)  # write-protected while the stream is on
    assert get(desk.dma, "S1NDTR") == 2
    round_trip(desk.dma)


def test_audio_fills_a_buffer_at_its_very_end() -> None:
    desk = Desk()
    desk.audio(0, 200, TCIE)
    desk.bench.run(100 * FRAME - 1)
    assert not desk.bench.lines["stream0"].level
    desk.bench.run(1)
    assert desk.bench.lines["stream0"].level
    assert desk.bytes(400) == b"".join(n.to_bytes(2, "little") for n in range(200))
    assert get(desk.dma, "LISR") == 0b110000


def test_two_buffers_in_turn() -> None:
    desk = Desk()
    put(desk.dma, "S0M1AR", OTHER)
    desk.audio(0, 20, DBM | TCIE)
    desk.bench.run(10 * FRAME)
    assert get(desk.dma, "S0CR") & CT
    assert desk.bytes(4) == b"\0\0\1\0"
    put(desk.dma, "LIFCR", 1 << 5)
    put(desk.dma, "S0M0AR", BUFFER + 0x100)  # the buffer that is not being filled may be exchanged
    desk.bench.run(3 * FRAME)
    assert get(desk.dma, "S0NDTR") == 14
    desk.bench.run(7 * FRAME)
    assert not get(desk.dma, "S0CR") & CT
    assert desk.bytes(4, OTHER) == b"\x14\0\x15\0"
    desk.bench.run(10 * FRAME)
    assert desk.bytes(2, BUFFER + 0x100) == b"\x28\0"


@pytest.mark.parametrize(
    ("control", "count", "copied"),
    [
        (PINC | MINC | P32 | M32, 2, b"01234567"),
        (PINC | MINC | M32, 6, b"012345"),  # packed; the last one is not whole
        (PINC | MINC | P32, 2, b"01234567"),
        (PINC | PINCOS | MINC, 3, b"048"),
        (MINC | P16 | M16, 3, b"010101"),
        (PINC | P16 | M16, 3, b"45"),
    ],
)
def test_memory_to_memory(control: int, count: int, copied: bytes) -> None:
    desk = Desk()
    desk.fill(b"0123456789")
    desk.start(2, BUFFER, OTHER, count, MEM2MEM | control, DMDIS)
    assert desk.bytes(len(copied) + 1, OTHER) == copied + b"\0"
    assert get(desk.dma, "LISR") & 1 << 21


def test_words_are_unpacked_for_a_uart() -> None:
    desk = Desk()
    desk.fill(b"word")
    put(desk.mux, "C8CR", 42)
    desk.start(0, TDR, BUFFER, 4, FROM_MEMORY | MINC | M32, DMDIS)
    desk.bench.run(5000)
    assert bytes(desk.bench.serial.sent) == b"word"


def test_a_stream_that_is_stopped_keeps_what_came() -> None:
    desk = Desk()
    desk.audio(0, 200, 0)
    desk.bench.run(7 * FRAME + 1)
    put(desk.dma, "S0CR", MINC | P16 | M16)
    assert get(desk.dma, "S0NDTR") == 200 - 14
    assert get(desk.dma, "LISR") == 1 << 5
    assert desk.bytes(28)[-2:] == b"\x0d\0"


def test_an_access_that_nothing_answers_ends_a_stream() -> None:
    desk = Desk()
    desk.bench.memory.absent = range(OTHER, OTHER + 16)
    desk.start(5, BUFFER, OTHER, 4, MEM2MEM | PINC | MINC | TEIE, DMDIS)
    assert desk.bench.lines["stream5"].level
    assert get(desk.dma, "HISR") == 1 << 9
    assert not get(desk.dma, "S5CR") & EN


def test_nothing_answers_where_the_fifo_is_emptied_at_the_end() -> None:
    desk = Desk()
    desk.bench.memory.absent = range(OTHER, OTHER + 16)
    desk.start(5, BUFFER, OTHER, 2, MEM2MEM | PINC | MINC | M32 | TEIE | TCIE, DMDIS)
    assert desk.bench.lines["stream5"].level
    assert get(desk.dma, "HISR") == 1 << 10 | 1 << 9  # half, error
    assert not get(desk.dma, "S5CR") & EN


def test_nothing_answers_where_a_stopped_streams_fifo_is_emptied() -> None:
    desk = Desk()
    desk.bench.memory.absent = range(BUFFER, BUFFER + 16)
    put(desk.mux, "C9CR", 41)
    desk.start(1, RDR, BUFFER, 16, MINC | M32, DMDIS)
    desk.bench.serial.feed(b"ab")
    desk.bench.run(2000)
    put(desk.dma, "S1CR", MINC | M32 | TEIE | TCIE)
    assert get(desk.dma, "LISR") == 1 << 9
    assert desk.bench.lines["stream1"].level


def test_what_is_left_out_is_reported_when_it_is_turned_on() -> None:
    desk = Desk()
    desk.start(0, RDR, BUFFER, 1, PFCTRL)
    desk.start(1, RDR, BUFFER, 1, 0)
    assert [what for _offset, _access, what in desk.bench.unmodelled] == [
        "transfers take no time and hold no bus",
        "a peripheral that controls the flow",
    ]
