"""Our streaming wake word firmware: features, every tensor, what it hears over I2S and over the console."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from comparison import Golden, layer_tensors
from numpy.typing import NDArray

from benches.build.firmware import BuildOptions, build_firmware, shipped_model
from benches.build.front_end import mel_bands
from benches.build.support import load_support
from benches.measure.streaming import StreamingSession
from benches.protocol.host import DeviceError, ProtocolHost
from benches.protocol.machine_channel import MachineChannel
from benches.runs.streaming_job import Sound, StreamingJob, read_sound, run_sound
from benches.runs.streaming_rows import StreamingRun
from benches.suite.wake_word import FRAME_SAMPLES, Truth, read_truth
from benches.suite.wake_word_golden import BANDS, FRAMES_SEEN, features, mel_weights
from benches.synthetic.wake_words import Recording, make_recording
from emulator import Machine
from emulator.errors import ImageError
from peripherals.instruments.wave_file import WaveFile

AUDIO_BOARDS = ("nucleo-l4r5zi", "nucleo-u575zi-q")
FLOAT_AND_FIXED = ("virtual-m4", "virtual-m0plus")
CORES, MORE_CORES = ("virtual-m0plus", "virtual-m33"), ("virtual-m3", "virtual-m4", "virtual-m7")
MOST_MS = 17.9
SEED, SECONDS = 2, 6
PIECE_BYTES = 512
Codes = NDArray[np.int8]


@dataclass(frozen=True)
class Heard:
    """What a device made of frames: features of each, its scores, and CRC-32 of the layers at the end."""

    features: Codes
    scores: list[tuple[int, ...]]
    layers: list[tuple[int, int, str]]


def build(board: str, folder: Path, model: Path | None = None, **options: str) -> Path:
    path = folder / f"sww-{board}.elf"
    build_firmware("sww", model or shipped_model("sww"), load_support(board), path, BuildOptions(**options))
    return path


def device(board: str, image: Path) -> ProtocolHost:
    machine = Machine(board, timing="count", strict=True)
    machine.load(image)
    host = ProtocolHost(MachineChannel(machine))
    host.wait_ready()
    return host


def say(host: ProtocolHost, command: str) -> list[str]:
    lines = [line.text for line in host.command(command)]
    assert lines[0] == f"Received command: {command}"
    return lines[1:]


def send(host: ProtocolHost, samples: NDArray[np.int16]) -> Heard:
    """Frames over the console, as the benchmark's stream_wav_uart.py sends them."""
    rows, scores = [], []
    for frame in samples.reshape(-1, FRAME_SAMPLES):
        data = frame.astype("<i2").tobytes()
        assert say(host, f"db load {len(data)}") == [f"Expecting {len(data)} bytes"]
        for at in range(0, len(data), PIECE_BYTES):
            answer = say(host, "db " + data[at : at + PIECE_BYTES].hex())
        assert answer == ["m-load-done"]
        text = " ".join(say(host, "extract_uart_stream"))
        found = re.fullmatch(r"m-features-\[([-\d, ]+)\] m-activations-\[([-\d, ]+)\]", text)
        assert found
        rows.append([int(word) for word in found[1].split(",")])
        scores.append(tuple(int(word) for word in found[2].split(",")))
    layers = [
        (int(line[1]), int(line[2]), line[3])
        for line in (re.fullmatch(r"m-layer-\[(\d+),(\d+),(\w+)\]", text) for text in say(host, "layers"))
        if line
    ]
    return Heard(np.array(rows, np.int8), scores, layers)


def trial_sound() -> NDArray[np.int16]:
    """Silence, one bit, noise of all loudnesses, a word, tones, the loudest of all, a click."""
    random = np.random.default_rng(SEED)
    time = np.arange(2 * FRAME_SAMPLES)
    parts = [
        np.zeros(FRAME_SAMPLES),
        time[:FRAME_SAMPLES] % 2,
        *(random.normal(size=FRAME_SAMPLES) * 10.0**exponent for exponent in (0, 1, 2, 3, 4)),
        make_recording(2, SEED).samples[20_000 : 20_000 + 3 * FRAME_SAMPLES],
        *(20_000 * np.sin(2 * np.pi * hertz / 16_000 * time) for hertz in (100, 1000, 7000)),
        np.where(time // 50 % 2, 32767, -32768),
        np.where(time == 700, -32768, 0),
    ]
    return np.clip(np.concatenate(parts), -32768, 32767).astype(np.int16)


def reference(samples: NDArray[np.int16], golden: Golden) -> Codes:
    return features(samples.view(np.uint16).tolist(), *golden.input["quantization"])


def ring_of(rows: Codes) -> Codes:
    """What the network has in view after these frames."""
    seen = np.concatenate([np.zeros((FRAMES_SEEN, BANDS), np.int8), rows])
    return np.ascontiguousarray(seen[-FRAMES_SEEN:].reshape(1, FRAMES_SEEN, 1, BANDS))


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden(shipped_model("sww"))


@pytest.fixture(scope="module")
def recording() -> Recording:
    return make_recording(SECONDS, SEED)


def test_mel_bands_are_those_of_the_reference() -> None:
    weights = mel_weights()
    for number, band in enumerate(mel_bands()):
        column = weights[:, number]
        assert band.first_bin == np.flatnonzero(column)[0]
        assert band.weights == pytest.approx(column[column > 0], abs=1e-9)


@pytest.mark.parametrize("board", FLOAT_AND_FIXED)
def test_features_are_numpys_within_a_step(
    board: str, golden: Golden, tmp_path: Path, cross_tools: None
) -> None:
    """In float and in fixed point; a feature beyond int8 wraps, as in the reference."""
    samples = trial_sound()
    wanted = reference(samples, golden)
    heard = send(device(board, build(board, tmp_path)), samples)
    assert (wanted.min(), len(np.unique(wanted))) == (-128, pytest.approx(200, abs=56))
    steps = (heard.features.astype(int) - wanted + 128) % 256 - 128
    assert np.abs(steps).max() <= 1
    assert np.mean(steps != 0) < 0.01


@pytest.mark.parametrize(
    ("board", "kernels"),
    [
        *((board, "optimized") for board in CORES),
        *(pytest.param(board, "optimized", marks=pytest.mark.slow) for board in MORE_CORES),
        pytest.param("virtual-m4", "reference", marks=pytest.mark.slow),
    ],
)
def test_every_tensor_is_the_interpreters(
    board: str, kernels: str, golden: Golden, recording: Recording, tmp_path: Path, cross_tools: None
) -> None:
    image = build(board, tmp_path, kernels=kernels)
    start = int(recording.windows[0][1] * 16_000) // FRAME_SAMPLES * FRAME_SAMPLES
    heard = send(device(board, image), recording.samples[start : start + 3 * FRAME_SAMPLES])
    for count, scores in enumerate(heard.scores, start=1):
        assert np.array(scores, np.int8).tobytes() == golden.infer(ring_of(heard.features[:count]))
    wanted = golden.layer_checksums(ring_of(heard.features), layer_tensors(image))
    assert heard.layers == wanted


def test_the_official_models_tensors(reference_data: Path, tmp_path: Path, cross_tools: None) -> None:
    model = reference_data / "models" / "str_ww_ref_model.tflite"
    sound = read_sound(reference_data / "datasets" / "sww01" / "marvin_617de221_0.wav").wave
    samples = np.array(sound.samples[0::2], np.uint16).view(np.int16)[: 8 * FRAME_SAMPLES]
    golden = Golden(model)
    for board in FLOAT_AND_FIXED:
        image = build(board, tmp_path, model)
        heard = send(device(board, image), samples)
        assert (heard.features == reference(samples, golden)).mean() > 0.99
        assert heard.layers == golden.layer_checksums(ring_of(heard.features), layer_tensors(image))


def listen(board: str, image: Path, sound: Sound, model: Path) -> StreamingRun:
    machine = Machine(board, strict=True)
    machine.load(image)
    return run_sound(StreamingJob(image, {}, model), StreamingSession(machine), sound)


@pytest.mark.parametrize("board", AUDIO_BOARDS)
def test_words_over_i2s(board: str, recording: Recording, tmp_path: Path, cross_tools: None) -> None:
    """Every wake word is heard, and nothing else; scores are the golden interpreter's."""
    model = shipped_model("sww")
    words = recording.samples.view(np.uint16)
    wave = WaveFile(array("H", np.repeat(words, 2).tolist()))
    sound = Sound(tmp_path / "made", wave, Truth("made", recording.windows))
    run = listen(board, build(board, tmp_path), sound, model)
    assert run.score is not None and run.score.counts == (len(recording.windows), 0, 0)
    assert len(run.frames) == len(recording.samples) // FRAME_SAMPLES
    assert run.duty.period_s == pytest.approx(0.032, rel=1e-4)
    assert run.golden.match and not run.missed


def test_the_benchmarks_sound_and_model(reference_data: Path, tmp_path: Path, cross_tools: None) -> None:
    """What the runner's README says of this file, and a frame in no more than the best published time."""
    model = reference_data / "models" / "str_ww_ref_model.tflite"
    folder = reference_data / "datasets" / "sww01"
    (truth,) = read_truth(folder / "sww_short_test.json")
    board = AUDIO_BOARDS[0]
    run = listen(board, build(board, tmp_path, model), read_sound(folder / truth.wav_file, truth), model)
    assert run.score is not None and run.score.counts == (2, 1, 0)
    assert run.golden.match
    assert 10 < run.processing_ms.median <= MOST_MS


def test_the_protocol(tmp_path: Path, cross_tools: None) -> None:
    host = device("virtual-m4", build("virtual-m4", tmp_path))
    assert say(host, "name") == ["m-name-dut-[boardless]"]
    assert say(host, "profile")[1] == "m-model-[sww01]"
    assert say(host, "sing a song") == ["Unrecognized command sing"]
    assert say(host, "stop") == ["I2S is already idle.  Ignoring stop request"]
    refusals = {
        "start": "This board has no audio input",
        "db": "Command 'db' requires a subcommand",
        **dict.fromkeys(("db load", "db load 0", "db load 1025", "db load x"), "takes 1 to 1024 bytes"),
    }
    for command, words in refusals.items():
        with pytest.raises(DeviceError, match=words):
            host.command(command)
    assert say(host, "db load 4") == ["Expecting 4 bytes"]
    assert say(host, "db 0102") == ["2 bytes received"]
    assert say(host, "db getptr") == ["pointer at 2"]
    assert say(host, "db setptr 1") == ["pointer at 1"]
    assert say(host, "db setptr 5") == ["pointer at 1"]
    with pytest.raises(DeviceError, match="Invalid hex digit"):
        host.command("db 0g")
    assert say(host, "db 0102030405") == ["m-load-done"]
    assert "extract_uart_stream: the frame's features, and the scores after it" in say(host, "help")
    assert host.command("")[-1].text == "Received command: "  # a host that has lost its place


def test_another_benchmarks_model_is_refused(tmp_path: Path, cross_tools: None) -> None:
    with pytest.raises(ImageError, match="sends 1200 elements"):
        build("virtual-m4", tmp_path, shipped_model("kws"))
