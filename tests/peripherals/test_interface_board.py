"""The interface board plays, and writes down what pins do: its answers are the real one's, byte for byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from device_bench import Bench

from emulator.errors import UsageError
from emulator.links import SerialEndpoint
from emulator.links.audio_input import AudioWires
from peripherals.instruments.audio_master import AllWires, AudioMaster
from peripherals.instruments.edge_recorder import EdgeRecorder, values_text
from peripherals.instruments.interface_board import InterfaceBoard, NoUart
from peripherals.instruments.sound_player import SoundPlayer

NOT_PLAYED = b"Error playing file. Check that the file exists and is a 2-channel wav file.\n"
READY = b"m-ready\r\n"
FRAMES = 3200  # 0.2 s


def wave(frames: int, channels: int = 2) -> bytes:
    data = bytes(range(2)) * channels * frames
    form = struct.pack("<IHHIIHH", 16, 1, channels, 16_000, 64_000, 4, 16)
    return (
        struct.pack("<4sI8s", b"RIFF", 36 + len(data), b"WAVEfmt ")
        + form
        + struct.pack("<4sI", b"data", len(data))
        + data
    )


class Card:
    def __init__(self) -> None:
        self.files = {"mono.wav": wave(10, 1), "sound.wav": wave(FRAMES)}

    def names(self) -> Sequence[str]:
        return sorted(self.files)

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise UsageError("is not there", where=name)
        return self.files[name]


@dataclass
class Desk:
    """A board on a bench whose clock counts microseconds."""

    bench: Bench = field(default_factory=Bench)
    wires: AudioWires = field(default_factory=lambda: AudioWires("sai1_a"))
    host: SerialEndpoint = field(default_factory=lambda: SerialEndpoint("interface"))
    told: list[str] = field(default_factory=list)
    busy: int = 0
    timer_error_ppm: float = 0.0

    def __post_init__(self) -> None:
        clock = self.bench.clock
        self.edges = EdgeRecorder(clock, error_ppm=self.timer_error_ppm)
        player = SoundPlayer(
            AudioMaster(AllWires([self.wires]), clock), clock, self.bench.clocks, still_plays=self.still_plays
        )
        self.board = InterfaceBoard(
            self.host, NoUart(), card=Card(), player=player, edges=self.edges, told=self.told.append
        )

    def still_plays(self) -> None:
        self.busy += 1

    def say(self, command: bytes) -> bytes:
        self.host.feed(command + b"%")
        return self.host.take()


def test_a_sound_is_played_to_its_end() -> None:
    desk = Desk()
    assert desk.say(b"ls") == b"mono.wav\r\nsound.wav\r\n" + READY
    assert desk.say(b"play sound.wav") == b"Attempting to play sound.wav\n"
    assert desk.board.is_playing and desk.wires.playing is not None
    assert desk.wires.playing.frames == FRAMES
    assert desk.say(b"checkbaud") == b""  # it does one thing at a time
    desk.bench.run(199_999)
    assert (desk.host.take(), desk.board.is_playing) == (b"", True)
    desk.bench.run(1)
    assert desk.host.take() == b"succeeded.\n" + READY + b"baud is: 9600\n" + READY
    assert (desk.wires.playing, desk.board.is_playing, desk.told) == (None, False, [])
    assert desk.busy >= 2  # a machine that only waits is not idle meanwhile
    assert desk.say(b"play sound.wav") == b"Attempting to play sound.wav\n"


def test_the_end_comes_in_time_when_the_device_changes_its_clock() -> None:
    desk = Desk()
    desk.say(b"play sound.wav")
    desk.bench.run(100_000)
    desk.bench.clocks.set({"core": 100_000})  # ten times as slow: 0.1 s are 10,000 cycles
    desk.bench.run(9_999)
    assert desk.host.take() == b""
    desk.bench.run(1)
    assert desk.host.take() == b"succeeded.\n" + READY


@pytest.mark.parametrize(
    ("name", "reason"), [(b"mono.wav", "has 1 channel, not 2"), (b"none.wav", "is not there")]
)
def test_what_is_not_played(name: bytes, reason: str) -> None:
    desk = Desk()
    assert desk.say(b"play " + name) == b"Attempting to play " + name + b"\n" + NOT_PLAYED + READY
    assert reason in desk.told[0] and not desk.board.is_playing


def test_edges_by_the_boards_own_timer() -> None:
    desk = Desk()
    desk.bench.run(500_000)
    assert desk.say(b"record_detections") == b"Now recording detections\r\n" + READY
    for microseconds in (5, 20, 17_000, 20):  # 5, 25, 17025, 17045 us after it
        desk.bench.run(microseconds)
        level = len(desk.edges.starts) == len(desk.edges.stops)
        desk.edges.processing_changed(int(level))
        desk.edges.detection_changed(0)
        desk.edges.detection_changed(1)
    assert desk.say(b"print_dutycycle") == (
        b"Duty cycle start times (s)\r\n0, 1702, \r\nDuty cycle stop times (s)\r\n2, 1704, " + READY
    )
    # in the first 10 ms all are taken; then only what comes more than 10 ms later
    assert desk.say(b"print_detections") == b"Detection Timestamps (ms)\r\n0,\r\n0,\r\n17,\r\n" + READY
    assert desk.say(b"record_detections").endswith(READY)
    assert desk.say(b"print_dutycycle") == (
        b"Duty cycle start times (s)\r\n\r\nDuty cycle stop times (s)\r\n" + READY
    )


def test_a_crystal_that_is_too_fast() -> None:
    desk = Desk(timer_error_ppm=100_000)
    desk.say(b"record_detections")
    desk.bench.run(50_000)
    desk.edges.detection_changed(0)
    desk.edges.processing_changed(1)
    assert (desk.edges.detections_ms, desk.edges.starts) == ([55], [5500])


def test_only_so_many_frames_are_kept() -> None:
    desk = Desk()
    for level in [1, 0] * 150:
        desk.edges.processing_changed(level)
    assert (len(desk.edges.starts), len(desk.edges.stops)) == (100, 100)


def test_eight_values_a_line() -> None:
    assert values_text([]) == ""
    assert values_text(range(8)) == "0, 1, 2, 3, 4, 5, 6, 7, \r\n"
    assert values_text(range(9)) == "0, 1, 2, 3, 4, 5, 6, 7, \r\n8, "
