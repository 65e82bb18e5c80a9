"""The master of an audio link, and the WAV files that the interface board plays."""

from __future__ import annotations

import struct
from array import array
from pathlib import Path

import pytest
from device_bench import Bench

from emulator.errors import UsageError
from emulator.links.audio_input import AudioWires
from peripherals.instruments.audio_master import AudioMaster, FrameForm
from peripherals.instruments.wave_file import parse_wave

SECOND = 10**12


@pytest.mark.parametrize("error_ppm", [-1875, -344.25, 0, 0.001, 20_000])
@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_a_frame_ends_when_the_master_says(error_ppm: float, rate_hz: int) -> None:
    bench, wires = Bench(), AudioWires("sai1_a")
    bench.run(12_345)
    master = AudioMaster(wires, bench.clock, rate_hz=rate_hz, error_ppm=error_ppm)
    frames = master.play(array("H", range(2000)))
    assert wires.playing is frames and frames.frames == 1000
    begins = frames.ends_at(-1)
    assert begins == bench.clock.picoseconds()
    for frame in (0, 1, 511, 999):
        end = frames.ends_at(frame)
        assert (frames.ended(end - 1), frames.ended(end)) == (frame, frame + 1)
    assert frames.ends_at(999) - begins == pytest.approx(
        1000 / rate_hz / (1 + error_ppm / 1e6) * SECOND, abs=1
    )
    assert frames.ended(begins + 100 * SECOND) == 1000
    assert frames.ended(0) == 0


def test_a_master_tells_how_far_it_is() -> None:
    bench, wires = Bench(), AudioWires("sai1_a")
    changes: list[int] = []
    wires.on_change(lambda: changes.append(0 if wires.playing is None else wires.playing.frames))
    master = AudioMaster(wires, bench.clock, form=FrameForm(slots=1, slot_bits=8, sync_bits=1))
    assert (master.is_playing, master.played_frames) == (False, 0)
    master.play([-1, 0x123, 5])
    assert list(wires.playing.words(0, 3)) == [0xFF, 0x23, 5] if wires.playing else False
    bench.run(126)  # two frames of 62.5 us
    assert (master.is_playing, master.played_frames) == (True, 2)
    bench.run(62)
    assert (master.is_playing, master.played_frames) == (False, 3)
    master.stop()
    assert (wires.playing, changes) == (None, [3, 0])


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"rate_hz": 0}, "0 frames a second"),
        ({"error_ppm": 1e6}, "1e.06 ppm off"),
        ({"error_ppm": float("nan")}, "nan ppm off"),
    ],
)
def test_what_no_master_is(parameters: dict[str, float], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        AudioMaster(AudioWires("a"), Bench().clock, **parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("slots", "slot_bits", "sync_bits"), [(17, 8, 1), (9, 32, 1), (2, 16, 32), (0, 16, 1)]
)
def test_what_no_frame_is(slots: int, slot_bits: int, sync_bits: int) -> None:
    with pytest.raises(UsageError, match="frame"):
        FrameForm(slots=slots, slot_bits=slot_bits, sync_bits=sync_bits)


def wave(
    data: bytes = b"\x01\x00\xff\xff\x02\x00\x00\x80",
    *,
    form: int = 1,
    channels: int = 2,
    rate: int = 16_000,
    bits: int = 16,
    length: int | None = None,
    format_bytes: int = 16,
    chunk: bytes = b"data",
) -> bytes:
    frame = channels * bits // 8
    header = struct.pack("<HHIIHH", form, channels, rate, rate * frame, frame, bits)
    length = len(data) if length is None else length
    body = b"WAVEfmt " + struct.pack("<I", format_bytes) + header + chunk + struct.pack("<I", length) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_a_wave_file() -> None:
    sound = parse_wave(wave(), "x.wav")
    assert list(sound.samples) == [1, 0xFFFF, 2, 0x8000]
    assert (sound.frames, sound.seconds) == (2, 2 / 16_000)
    assert list(parse_wave(wave(length=4), "x.wav").samples) == [1, 0xFFFF]
    assert parse_wave(wave(length=400) + b"\0\0\0", "x.wav").frames == 2  # cut short: whole frames alone


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "has 0 bytes"),
        (b"RIFF" + bytes(100), "is no WAV file"),
        (wave(form=3), "format 3, not PCM"),
        (wave(channels=1), "has 1 channel, not 2"),
        (wave(bits=8), "have 8 bits"),
        (wave(rate=44_100), "at 44100 Hz"),
        (wave(format_bytes=18), "format has 18 bytes"),
        (wave(chunk=b"LIST"), "a chunk 'LIST'"),
        (wave(b""), "holds no sample"),
        (wave(length=0), "holds no sample"),
    ],
)
def test_what_the_interface_board_does_not_play(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words) as raised:
        parse_wave(data, "sound.wav")
    assert raised.value.where == "sound.wav"


def test_the_benchmarks_own_files(reference_data: Path) -> None:
    for name, seconds in (("short_wav_easy10s.wav", 10.0), ("marvin_617de221_0.wav", 1.0)):
        sound = parse_wave((reference_data / "datasets" / "sww01" / name).read_bytes(), name)
        assert sound.seconds == seconds
        assert sound.samples[0::2] == sound.samples[1::2]
