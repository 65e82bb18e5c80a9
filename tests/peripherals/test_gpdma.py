"""GPDMA of STM32U5 and U3: linear and linked transfers, suspending, flags."""

from __future__ import annotations

import pytest
from device_bench import get, put, round_trip
from dma_desk import FRAME, DmaDesk

from peripherals.stm32.gpdma import Gpdma

EN, RESET, SUSP, TCIE, HTIE, DTEIE, ULEIE, USEIE, SUSPIE, LSM = (
    1 << n for n in (0, 1, 2, 8, 9, 10, 11, 12, 13, 16)
)
IDLEF, TCF, HTF, DTEF, ULEF, USEF, SUSPF = (1 << n for n in (0, 8, 9, 10, 11, 12, 13))
SINC, DINC, SBX, DBX, DHX = 1 << 3, 1 << 19, 1 << 13, 1 << 26, 1 << 27
S16, S32, D16, D32 = 1, 2, 1 << 16, 2 << 16
PAM_SIGN, PAM_PACK = 1 << 11, 2 << 11
SWREQ, DREQ, BREQ = 1 << 9, 1 << 10, 1 << 11
TCEM_LINK, TCEM_CHANNEL = 2 << 30, 3 << 30
UT1, UT2, UB1, USA, UDA, ULL = 1 << 31, 1 << 30, 1 << 29, 1 << 28, 1 << 27, 1 << 16
UART, SAI, BUFFER, OTHER, NODES = 0x46002400, 0x40015400, 0x20000000, 0x20001000, 0x20020000
RDR, TDR, A_DR = UART + 0x24, UART + 0x28, SAI + 0x20


class Desk(DmaDesk):
    """With a controller."""

    SOURCE, TARGET = BUFFER, OTHER

    def __init__(self) -> None:
        super().__init__("lpuart1", UART, SAI)
        self.dma: Gpdma = self.bench.build(
            Gpdma, "gpdma1", base=0x40020000, lines=("channel0", "channel1"), channels=4,
            requests={"LPUART1_RX": 34, "LPUART1_TX": 35, "SAI1_A": 36},
        )  # fmt: skip

    def start(
        self,
        n: int,
        source: int,
        target: int,
        size_bytes: int,
        *,
        form: int,
        kind: int = SWREQ,
        control: int = 0,
    ) -> None:
        put(self.dma, f"C{n}TR1", form)
        put(self.dma, f"C{n}TR2", kind)
        put(self.dma, f"C{n}BR1", size_bytes)
        put(self.dma, f"C{n}SAR", source)
        put(self.dma, f"C{n}DAR", target)
        put(self.dma, f"C{n}CR", control | EN)

    def node(self, at: int, *words: int) -> None:
        for n, word in enumerate(words):
            self.bench.memory.write(NODES + at + 4 * n, 4, word)

    def status(self, n: int) -> int:
        return get(self.dma, f"C{n}SR")


def test_a_uart_sends_from_memory() -> None:
    desk = Desk()
    desk.fill(b"hello")
    desk.start(1, BUFFER, TDR, 5, form=SINC, kind=35 | DREQ, control=TCIE | HTIE)
    assert desk.status(1) == 0
    desk.bench.run(1000)
    assert desk.status(1) == HTF  # three have been fetched: half of the bytes in whole ones is left
    assert get(desk.dma, "MISR") == 2 and desk.bench.lines["channel1"].level
    put(desk.dma, "C1FCR", HTF)
    assert get(desk.dma, "MISR") == 0 and not desk.bench.lines["channel1"].level
    desk.bench.run(2000)
    assert desk.status(1) == IDLEF | TCF
    assert get(desk.dma, "C1CR") == TCIE | HTIE  # it has ended by itself
    desk.bench.run(2000)
    assert bytes(desk.bench.serial.sent) == b"hello"


def test_audio_fills_a_block_at_its_very_end() -> None:
    desk = Desk()
    desk.start(1, A_DR, BUFFER, 400, form=S16 | D16 | DINC, kind=36, control=TCIE)
    desk.listen()
    desk.bench.run(100 * FRAME - 1)
    assert desk.status(1) == HTF
    desk.bench.run(1)
    assert desk.status(1) == IDLEF | HTF | TCF
    assert desk.bench.lines["channel1"].level
    assert desk.bytes(400, BUFFER) == b"".join(n.to_bytes(2, "little") for n in range(200))
    put(desk.dma, "C1FCR", HTF | TCF)
    desk.bench.run(4 * FRAME - 1)
    desk.start(1, A_DR, BUFFER, 400, form=S16 | D16 | DINC, kind=36)
    for frame in range(4, 10):
        desk.bench.run(FRAME if frame > 4 else 1)
        assert get(desk.dma, "C1BR1") == 400 - 4 * frame
        assert get(desk.dma, "C1DAR") == BUFFER + 4 * frame
    assert desk.bytes(2, BUFFER + 34) == (200 + 17).to_bytes(2, "little")


def test_suspending_and_resetting() -> None:
    desk = Desk()
    desk.start(0, A_DR, BUFFER, 400, form=S16 | D16 | DINC, kind=36, control=SUSPIE)
    desk.listen()
    desk.bench.run(10 * FRAME)
    put(desk.dma, "C0CR", SUSPIE | SUSP | EN)
    assert desk.status(0) == SUSPF | IDLEF
    assert desk.bench.lines["channel0"].level
    assert get(desk.dma, "C0BR1") == 360
    put(desk.dma, "C0FCR", SUSPF)
    desk.bench.run(3 * FRAME)
    assert get(desk.dma, "C0BR1") == 360
    put(desk.dma, "C0CR", SUSPIE | EN)  # it goes on with what the FIFO kept
    assert desk.status(0) == 0
    assert get(desk.dma, "C0BR1") == 348
    put(desk.dma, "C0CR", SUSPIE | SUSP | EN)
    round_trip(desk.dma)
    put(desk.dma, "C0CR", SUSPIE | SUSP | RESET)
    assert get(desk.dma, "C0CR") == SUSPIE
    assert desk.status(0) & IDLEF
    desk.bench.run(20 * FRAME)
    assert get(desk.dma, "C0BR1") == 348


def test_two_buffers_by_a_linked_list_that_goes_round() -> None:
    desk = Desk()
    desk.node(0, OTHER, UDA | UB1 | ULL | 0x40)  # brings, in this order: BR1, DAR, LLR
    desk.node(0, 40, OTHER, UB1 | UDA | ULL | 0x40)
    desk.node(0x40, 40, BUFFER, UB1 | UDA | ULL)
    put(desk.dma, "C1LBAR", NODES)
    put(desk.dma, "C1LLR", UB1 | UDA | ULL)
    desk.start(1, A_DR, BUFFER, 40, form=S16 | D16 | DINC, kind=36, control=TCIE)
    desk.listen()
    desk.bench.run(10 * FRAME)
    assert desk.status(1) == HTF | TCF
    assert get(desk.dma, "C1DAR") == OTHER
    put(desk.dma, "C1FCR", HTF | TCF)
    desk.bench.run(15 * FRAME)
    assert desk.bytes(4) == b"\x14\0\x15\0"
    assert desk.bytes(4, BUFFER) == b"\x28\0\x29\0"
    assert get(desk.dma, "C1BR1") == 20


@pytest.mark.parametrize(
    ("kind", "flags"),
    [(0, [HTF | TCF, HTF | TCF | IDLEF]), (TCEM_LINK, [HTF | TCF, HTF | TCF | IDLEF]),
     (TCEM_CHANNEL, [IDLEF, HTF | TCF | IDLEF])],
)  # fmt: skip
def test_when_a_transfer_counts_as_complete(kind: int, flags: list[int]) -> None:
    """With link step mode a channel stops after each link, and can be looked at."""
    desk = Desk()
    desk.fill(b"abcdefgh")
    desk.node(0, 4, BUFFER + 4)
    put(desk.dma, "C2LBAR", NODES)
    put(desk.dma, "C2LLR", UB1 | USA)
    desk.start(2, BUFFER, OTHER, 4, form=SINC | DINC, kind=SWREQ | kind, control=LSM)
    assert desk.status(2) | IDLEF == flags[0] | IDLEF
    assert desk.bytes(8) == b"abcd\0\0\0\0"
    assert get(desk.dma, "C2LLR") == 0
    put(desk.dma, "C2FCR", 0x7F00)
    put(desk.dma, "C2CR", LSM | EN)
    assert desk.status(2) == flags[1]
    assert desk.bytes(8) == b"abcdefgh"


def test_a_channel_may_begin_with_a_link() -> None:
    desk = Desk()
    desk.fill(b"wxyz")
    desk.node(0x100, SINC | DINC, SWREQ, 4, BUFFER, OTHER, 0)
    put(desk.dma, "C3LBAR", NODES)
    put(desk.dma, "C3LLR", UT1 | UT2 | UB1 | USA | UDA | ULL | 0x100)
    put(desk.dma, "C3CR", EN)
    assert desk.bytes(4) == b"wxyz"
    assert desk.status(3) == TCF | HTF | IDLEF


@pytest.mark.parametrize(
    ("form", "size_bytes", "copied"),
    [
        (S32 | D32, 8, b"01234567"),
        (S16 | D32, 4, b"01\0\x0023\0\0"),
        (S32 | D16, 8, b"0145"),
        (S32 | D16 | PAM_SIGN, 8, b"2367"),
        (D32 | PAM_PACK, 6, b"012345\0\0"),
        (S32 | PAM_PACK, 8, b"01234567"),
        (S32 | D32 | SBX, 4, b"0213"),
        (S32 | D32 | DBX, 4, b"1032"),
        (S32 | D32 | DHX, 4, b"2301"),
    ],
)
def test_widths_and_exchanges(form: int, size_bytes: int, copied: bytes) -> None:
    desk = Desk()
    desk.fill(b"01234567")
    desk.start(0, BUFFER, OTHER, size_bytes, form=form | SINC | DINC)
    assert desk.bytes(len(copied) + 1) == copied + b"\0"


def test_signs_are_extended() -> None:
    desk = Desk()
    desk.fill(b"\x7f\x80")
    desk.start(0, BUFFER, OTHER, 2, form=D16 | PAM_SIGN | SINC | DINC)
    assert desk.bytes(4) == b"\x7f\0\x80\xff"


def test_a_request_for_a_whole_block() -> None:
    desk = Desk()
    desk.fill(b"0123")
    desk.start(0, BUFFER, OTHER, 4, form=SINC | DINC, kind=34 | BREQ)
    assert desk.bytes(4) == bytes(4)
    desk.bench.serial.feed(b"x")
    desk.bench.run(1000)
    assert desk.bytes(4) == b"0123"


@pytest.mark.parametrize(
    ("form", "source", "size_bytes"),
    [(SINC | DINC, BUFFER, 0), (S32 | D32, BUFFER, 6), (S32 | D32, BUFFER + 2, 4), (3, BUFFER, 4)],
    ids=["no bytes", "no whole words", "not aligned", "no width"],
)
def test_a_setting_that_is_refused(form: int, source: int, size_bytes: int) -> None:
    desk = Desk()
    desk.start(0, source, OTHER, size_bytes, form=form, control=USEIE)
    assert desk.status(0) == USEF | IDLEF
    assert desk.bench.lines["channel0"].level
    assert get(desk.dma, "C0CR") == USEIE
    put(desk.dma, "C0FCR", USEF)
    assert not desk.bench.lines["channel0"].level


def test_accesses_that_nothing_answers() -> None:
    desk = Desk()
    desk.bench.memory.absent = range(NODES, NODES + 0x100)
    desk.start(0, BUFFER, NODES, 4, form=SINC | DINC, control=DTEIE)
    assert (desk.status(0), desk.bench.lines["channel0"].level) == (DTEF | IDLEF, True)
    put(desk.dma, "C1LBAR", NODES)
    put(desk.dma, "C1LLR", UB1)
    desk.start(1, BUFFER, OTHER, 4, form=SINC | DINC, control=ULEIE)
    assert desk.status(1) == ULEF | TCF | HTF | IDLEF
    assert desk.bench.lines["channel1"].level


def test_what_is_left_out_is_reported_when_it_is_turned_on() -> None:
    desk = Desk()
    desk.start(0, BUFFER, OTHER, 4, form=SINC | DINC)
    desk.start(0, BUFFER, OTHER, 4 | 1 << 16, form=SINC | DINC, kind=SWREQ | 1 << 24)
    assert [what for _offset, _access, what in desk.bench.unmodelled] == [
        "transfers take no time and hold no bus",
        "triggers",
        "repeated blocks and two-dimensional addressing",
    ]
