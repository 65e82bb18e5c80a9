"""The SAI as a slave that receives, from a master with a time base of its own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from device_bench import Bench, get, put, round_trip

from peripherals.instruments.audio_master import AudioMaster, FrameForm
from peripherals.stm32.dma import Dma, DmaMux
from peripherals.stm32.sai import Sai

SAI, BUFFER = 0x40015400, 0x20000000
A_DR, B_DR = SAI + 0x20, SAI + 0x40
HZ, RATE_HZ = 1_600_000, 16_000
FRAME = HZ // RATE_HZ  # cycles
SAIEN, DMAEN, LSB_FIRST, MONO, SYNCHRONOUS = 1 << 16, 1 << 17, 1 << 8, 1 << 12, 1 << 10
SLAVE_RECEIVER, BITS_16, BITS_24, BITS_32 = 3, 4 << 5, 6 << 5, 7 << 5
I2S_FRAME, I2S_SLOTS = 0x50F1F, 0xFFFF0140
FSPOL, FSOFF = 1 << 17, 1 << 18
OVRUDR, FREQ, AFSDET, LFSDET = 1, 1 << 3, 1 << 5, 1 << 6
EN, TCIE, MINC = 1, 2, 1 << 7
HALF_WORDS = 1 << 8 | 1 << 10


class Desk:
    """A SAI with a DMA controller, and a master on block A's wires."""

    def __init__(self, form: FrameForm | None = None, error_ppm: float = 0) -> None:
        self.bench = Bench(HZ)
        self.sai: Sai = self.bench.build(Sai, "sai1", base=SAI, lines=("global",))
        self.mux = self.bench.build(DmaMux, "dmamux1", base=0x40020800, requests={"SAI1_A": 36, "SAI1_B": 37})
        self.dma = self.bench.build(Dma, "dma1", base=0x40020000, lines=("channel1",), channels=2)
        self.master = AudioMaster(
            self.bench.audio["sai1_a"],
            self.bench.clock,
            rate_hz=RATE_HZ,
            error_ppm=error_ppm,
            form=form or FrameForm(),
        )

    def listen(
        self, block: str = "A", control: int = 0, frame: int = I2S_FRAME, slots: int = I2S_SLOTS
    ) -> None:
        put(self.sai, f"{block}CR1", SLAVE_RECEIVER | BITS_16 | control)
        put(self.sai, f"{block}FRCR", frame)
        put(self.sai, f"{block}SLOTR", slots)
        put(self.sai, f"{block}CR1", SLAVE_RECEIVER | BITS_16 | control | SAIEN)

    def fifo(self, block: str = "A") -> list[int]:
        found = []
        while get(self.sai, f"{block}SR") >> 16 & 7:
            found.append(get(self.sai, f"{block}DR"))
        return found

    def arm(self, count: int, memory: int = BUFFER) -> None:
        put(self.mux, "C0CR", 36)
        put(self.dma, "CCR1", 0)
        put(self.dma, "IFCR", 1)
        put(self.dma, "CPAR1", A_DR)
        put(self.dma, "CMAR1", memory)
        put(self.dma, "CNDTR1", count)
        put(self.dma, "CCR1", EN | TCIE | MINC | HALF_WORDS)

    def memory(self, count: int, address: int = BUFFER) -> list[int]:
        return [self.bench.memory.read(address + 2 * n, 2) for n in range(count)]


def test_words_come_when_their_frame_ends() -> None:
    desk = Desk()
    desk.listen()
    put(desk.sai, "AIM", FREQ)
    desk.master.play([0x1111, 0xFFFE, 0x2222, 0x8000])
    desk.bench.run(FRAME - 1)
    assert (get(desk.sai, "ASR"), desk.bench.lines["global"].level) == (0, False)
    desk.bench.run(1)
    assert (get(desk.sai, "ASR"), desk.bench.lines["global"].level) == (2 << 16 | FREQ, True)
    assert desk.fifo() == [0x1111, 0xFFFE]
    assert not desk.bench.lines["global"].level
    assert get(desk.sai, "ADR") == 0xFFFE  # there is none: the last one again
    desk.bench.run(FRAME)
    assert desk.fifo() == [0x2222, 0x8000]
    desk.bench.run(10 * FRAME)
    assert get(desk.sai, "ASR") == 0


@pytest.mark.parametrize(("threshold", "words"), [(0, 1), (1, 2), (2, 4), (3, 6), (4, 8)])
def test_the_fifo_asks_from_its_threshold_on(threshold: int, words: int) -> None:
    desk = Desk(FrameForm(slots=1, slot_bits=16, sync_bits=1))
    desk.listen(frame=0xF | FSOFF, slots=0xFFFF0040)
    put(desk.sai, "ACR2", threshold)
    desk.master.play(range(1, 9))
    levels = []
    for word in range(1, 9):
        desk.bench.run(FRAME)
        status = get(desk.sai, "ASR")
        assert bool(status & FREQ) == (word >= words)
        levels.append(status >> 16)
    assert levels == [1, 2, 2, 3, 3, 4, 4, 5]


def test_an_overrun_loses_words_and_goes_on_at_the_slot_where_it_began() -> None:
    desk = Desk(FrameForm(slots=3, slot_bits=16, sync_bits=1))
    desk.listen(frame=47 | FSOFF, slots=0xFFFF0240)
    put(desk.sai, "AIM", OVRUDR)
    desk.master.play([100 * frame + slot for frame in range(8) for slot in range(3)])
    desk.bench.run(3 * FRAME)  # nine words, of which eight have room
    assert get(desk.sai, "ASR") & OVRUDR and desk.bench.lines["global"].level
    put(desk.sai, "ACLRFR", OVRUDR)
    assert not desk.bench.lines["global"].level
    assert desk.fifo() == [0, 1, 2, 100, 101, 102, 200, 201]
    desk.bench.run(2 * FRAME)
    assert desk.fifo() == [302, 400, 401, 402]  # slot 2 was lost last, so slot 2 comes next


@pytest.mark.parametrize(
    ("slots", "flag"), [(1, AFSDET), (3, LFSDET)], ids=["the sync comes early", "the sync comes late"]
)
def test_a_frame_of_another_length_is_told_and_not_received(slots: int, flag: int) -> None:
    desk = Desk(FrameForm(slots=slots, slot_bits=16, sync_bits=1))
    desk.listen()
    put(desk.sai, "AIM", flag)
    desk.master.play(range(12))
    desk.bench.run(FRAME)
    assert get(desk.sai, "ASR") == flag
    assert desk.bench.lines["global"].level
    put(desk.sai, "ACLRFR", flag)
    desk.bench.run(3 * FRAME)
    assert get(desk.sai, "ASR") == 0  # nothing until it is enabled anew
    put(desk.sai, "ACR1", SLAVE_RECEIVER | BITS_16)
    desk.listen(frame=16 * slots - 1 | FSOFF, slots=0xFFFF0040)
    desk.master.play(range(12))
    desk.bench.run(FRAME)
    assert desk.fifo() == [0]


def heard(form: FrameForm, words: Sequence[int], control: int, frame: int, slots: int) -> list[int]:
    """The words of the second of three frames."""
    desk = Desk(form)
    put(desk.sai, "ACR1", SLAVE_RECEIVER | control)
    put(desk.sai, "AFRCR", frame)
    put(desk.sai, "ASLOTR", slots)
    put(desk.sai, "ACR1", SLAVE_RECEIVER | control | SAIEN)
    desk.master.play(words)
    desk.bench.run(FRAME)
    desk.fifo()
    desk.bench.run(FRAME)
    return desk.fifo()


TDM = FrameForm(slots=4, slot_bits=32, sync_bits=1, delay_bits=1, sync_falls=False)
TDM_WORDS = [0x10203040 + 0x01000000 * n for n in range(12)]


@pytest.mark.parametrize(
    ("control", "frame", "slots", "words"),
    [
        (BITS_32, 127 | FSOFF | FSPOL, 0xFFFF0380, TDM_WORDS[4:8]),
        (BITS_32, 127 | FSOFF | FSPOL, 0x000A0380, [TDM_WORDS[5], TDM_WORDS[7]]),
        (BITS_24, 127 | FSOFF | FSPOL, 0x00010380, [TDM_WORDS[4] >> 8]),
        (BITS_24, 127 | FSOFF | FSPOL, 0x00010388, [TDM_WORDS[4] & 0xFFFFFF]),
        (BITS_16, 127 | FSOFF | FSPOL, 0x00030140, [TDM_WORDS[4] >> 16, TDM_WORDS[4] & 0xFFFF]),
        (BITS_32 | LSB_FIRST, 127 | FSOFF | FSPOL, 0x00010380, [int(f"{TDM_WORDS[4]:032b}"[::-1], 2)]),
        (BITS_32, 127 | FSPOL, 0x00010380, [TDM_WORDS[4] >> 1 | (TDM_WORDS[3] & 1) << 31]),
        (BITS_32, 127 | FSOFF, 0x00010380, [(TDM_WORDS[4] << 1 | TDM_WORDS[5] >> 31) & 0xFFFFFFFF]),
    ],
    ids=["all slots", "slots 1 and 3", "24 bits", "offset in the slot", "narrower slots", "lowest bit first",
         "a bit too early", "the other edge"],
)  # fmt: skip
def test_time_slots(control: int, frame: int, slots: int, words: list[int]) -> None:
    assert heard(TDM, TDM_WORDS, control, frame, slots) == words


def test_the_other_polarity_exchanges_left_and_right() -> None:
    words = [1, 2, 3, 4, 5, 6]
    assert heard(FrameForm(), words, BITS_16, I2S_FRAME | FSPOL, I2S_SLOTS) == [4, 5]
    assert heard(FrameForm(), words, BITS_16 | MONO, I2S_FRAME, I2S_SLOTS) == [3]


def test_a_block_joins_at_the_next_frame_and_ends_with_one() -> None:
    desk = Desk()
    desk.master.play(range(12))
    desk.bench.run(FRAME // 2)
    desk.listen()
    desk.bench.run(FRAME // 2)
    assert desk.fifo() == []
    desk.bench.run(FRAME)
    assert desk.fifo() == [2, 3]
    desk.bench.run(1)
    put(desk.sai, "ACR1", SLAVE_RECEIVER | BITS_16)
    assert get(desk.sai, "ACR1") & SAIEN
    desk.bench.run(FRAME - 1)
    assert not get(desk.sai, "ACR1") & SAIEN
    assert desk.fifo() == [4, 5]
    desk.bench.run(3 * FRAME)
    assert desk.fifo() == []
    put(desk.sai, "ACR1", SLAVE_RECEIVER | BITS_16 | SAIEN)
    put(desk.sai, "ACR1", SLAVE_RECEIVER | BITS_16)
    assert not get(desk.sai, "ACR1") & SAIEN  # no frame is under way


def test_frames_last_as_long_as_the_masters_clock_says_whatever_the_cores_clock_does() -> None:
    desk = Desk(error_ppm=-1000)  # slow: 1001 in place of 1000 periods
    desk.listen()
    put(desk.sai, "ACR2", 4)
    put(desk.sai, "AIM", FREQ)
    frames = desk.master.play(range(8))
    desk.bench.run(FRAME)
    desk.bench.clocks.set({"core": HZ // 4})  # the core sleeps at another clock meanwhile
    desk.bench.run(FRAME // 4)
    desk.bench.clocks.set({"core": 3 * HZ})
    while not desk.bench.lines["global"].level:
        desk.bench.run(1)
    assert 0 <= desk.bench.clock.picoseconds() - frames.ends_at(3) < 10**12 // (3 * HZ)
    assert frames.ends_at(3) == pytest.approx(4 / RATE_HZ * 1e12 / 0.999, abs=1)


def test_a_controller_takes_a_block_at_its_very_end() -> None:
    desk = Desk()
    words = [(7 * n) & 0xFFFF for n in range(400)]
    desk.arm(200)
    desk.listen(control=DMAEN)
    desk.master.play(words)
    desk.bench.run(100 * FRAME - 1)
    assert not desk.bench.lines["channel1"].level
    desk.bench.run(1)
    assert desk.bench.lines["channel1"].level
    assert desk.memory(200) == words[:200]
    desk.bench.run(4 * FRAME - 1)  # the FIFO holds what comes meanwhile
    desk.arm(200, BUFFER + 400)
    desk.bench.run(96 * FRAME + 1)
    assert desk.bench.lines["channel1"].level
    assert desk.memory(400) == words
    assert not get(desk.sai, "ASR") & OVRUDR


def test_a_block_that_is_armed_too_late_loses_words() -> None:
    desk = Desk()
    desk.arm(20)
    desk.listen(control=DMAEN)
    desk.master.play(range(100))
    desk.bench.run(10 * FRAME)
    desk.bench.run(5 * FRAME)
    assert get(desk.sai, "ASR") & OVRUDR
    desk.arm(20)
    desk.bench.run(6 * FRAME)
    assert desk.memory(20) == [*range(20, 28), *range(30, 42)]


def test_a_counter_that_is_looked_at_shows_every_frame() -> None:
    desk = Desk()
    desk.arm(100)
    desk.listen(control=DMAEN)
    desk.master.play(range(200))
    for frame in range(1, 20):
        desk.bench.run(FRAME)
        assert get(desk.dma, "CNDTR1") == 100 - 2 * frame
        assert desk.memory(2 * frame) == list(range(2 * frame))
    desk.bench.run(5 * FRAME)
    put(desk.dma, "CCR1", 0)  # stopped: what had come before is there
    assert desk.memory(48) == list(range(48))
    assert get(desk.dma, "CNDTR1") == 52


def test_few_events_bring_many_frames() -> None:
    """A stream that a controller takes costs two deadlines a buffer, whatever its length."""
    desk = Desk()
    desk.arm(2000)
    desk.listen(control=DMAEN)
    desk.master.play([n & 0xFFFF for n in range(2000)])
    events = 0
    while desk.bench.clock.next_cycles() < 1000 * FRAME + 1:
        desk.bench.run(desk.bench.clock.next_cycles() - desk.bench.cycles)
        events += 1
    assert events == 2
    assert get(desk.dma, "ISR") == 0b0111


def test_the_second_block_goes_with_the_first_ones_clocks() -> None:
    desk = Desk()
    desk.listen("A")
    desk.listen("B", control=SYNCHRONOUS)
    desk.master.play([1, 2])
    desk.bench.run(FRAME)
    assert (desk.fifo("A"), desk.fifo("B")) == ([1, 2], [0, 0])
    AudioMaster(desk.bench.audio["sai1_b"], desk.bench.clock, rate_hz=RATE_HZ).play([3, 4])
    desk.bench.run(FRAME)
    assert desk.fifo("B") == [3, 4]


def test_emptying_and_resetting() -> None:
    desk = Desk()
    desk.listen()
    desk.master.play(range(40))
    desk.bench.run(5 * FRAME)
    round_trip(desk.sai)
    assert get(desk.sai, "ASR") & OVRUDR
    put(desk.sai, "ACR2", 1 << 3)
    assert get(desk.sai, "ASR") == OVRUDR
    assert get(desk.sai, "ACR2") == 0
    desk.bench.signals.set("reset:sai1", 1)
    assert (get(desk.sai, "ACR1"), get(desk.sai, "ASR")) == (0x40, 8)
    desk.bench.run(5 * FRAME)
    assert get(desk.sai, "ASR") == 8


def test_what_is_left_out_is_reported_when_it_is_turned_on() -> None:
    desk = Desk()
    for control in (0, 1, 2, SLAVE_RECEIVER | 1 << 2, SLAVE_RECEIVER | 2 << 10):
        put(desk.sai, "BCR1", control | SAIEN)
        put(desk.sai, "BCR1", 0)
    put(desk.sai, "ACR2", 2 << 14)
    put(desk.sai, "AIM", 2)
    put(desk.sai, "ADR", 1)
    put(desk.sai, "PDMCR", 1)
    assert [what for _offset, _access, what in desk.bench.unmodelled] == [
        "transmission", "being the master of an audio link",
        "being the master of an audio link",
        "transmission",
        "the protocols SPDIF and AC'97",
        "synchronisation with another SAI",
        "companding", "mute detection", "transmission", "PDM microphones",
    ]  # fmt: skip
