"""``boardless bench sww``: what is heard, how it is counted, which pins say so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from streaming_firmware import build, write_wave

from benches.cli import bench_streaming
from benches.cli.bench_streaming import StreamingOptions
from benches.measure.pin_recorder import Edge, PinEdges, find_pins
from benches.measure.streaming import StreamingSession
from benches.runs.streaming_job import StreamingJob, read_sound, run_sound
from benches.runs.streaming_rows import StreamingRun
from benches.silicon.streaming_catalog import streaming_catalog
from benches.suite.wake_word import Score, printed_scores, read_truth, recorded_ms, score
from benches.suite.wake_word_golden import golden_scores
from emulator.board.reader import load_board
from emulator.cli.main import main
from emulator.errors import UsageError
from emulator.machine.machine import Machine
from emulator.recording.store import read_recording

LOUD = (5, 6, 12)
PERIOD_PS = 32 * 10**9


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("streaming"))


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wave(tmp_path_factory.mktemp("sound") / "clicks.wav", 20, LOUD)


def bench(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["bench", *map(str, words)])


# -- counting --------------------------------------------------------------------------------
def ms(*seconds: float) -> list[int]:
    """Detections behind the pulse that marks the beginning, as the interface board writes them."""
    return [90, *(90 + round(1000 * s) for s in seconds)]


@pytest.mark.parametrize(
    ("detections", "windows", "counted"),
    [
        ([90], [(1, 2)], Score((), (1,), ())),
        (ms(1.5, 1.6, 3.99), [(1, 2)], Score((1,), (), ())),  # all that come in time are one
        (ms(0.999, 4.001), [(1, 2)], Score((), (1,), (0.999, 4.001))),
        (ms(2.5), [(1, 2), (2.4, 3)], Score((1,), (2.4,), ())),  # the first window takes it
        (ms(5, 5.5, 6.0, 6.001, 6.9), [], Score((), (), (5.0, 6.001))),  # suppressed from the one that counts
    ],
)
def test_detections_are_counted_as_the_official_runner_does(
    detections: list[int], windows: list[tuple[float, float]], counted: Score
) -> None:
    assert score(detections, windows) == counted


def test_what_the_interface_board_writes_down() -> None:
    begins = 7 * 10**12
    pulses = [begins + 10**9 * n for n in (90, 95, 100, 101, 122)]
    assert recorded_ms(pulses, begins) == [90, 101, 122]
    assert recorded_ms([begins + 1_999_999_999], begins) == [1]


def test_scores_that_a_device_prints() -> None:
    lines = ["Streaming stopped.", "target activations: ", "[-128, -127, ", "115, 127]"]
    assert printed_scores(lines) == (-128, -127, 115, 127)
    assert printed_scores(["Streaming stopped.", "target activations: "]) == ()
    assert printed_scores(["target activations: ", "[]"]) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no test description"),
        ("[]", "names no file"),
        ('[{"wav_file": "x.wav"}]', "no 'detection_windows'"),
        ('[{"wav_file": "x.wav", "detection_windows": [[1]]}]', "is no test description"),
        ('[{"wav_file": "x.wav", "detection_windows": [["a", 2]]}]', "is no test description"),
    ],
)
def test_what_is_no_truth(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(UsageError, match=words):
        read_truth(tmp_path / "t.json")


def test_the_golden_interpreter_hears_the_benchmarks_words(reference_data: Path) -> None:
    """What the runner's README says of this file: 2 TP, 1 FN, 0 FP."""
    wave = read_sound(reference_data / "datasets" / "sww01" / "short_wav_easy10s.wav").wave
    golden = golden_scores(reference_data / "models" / "str_ww_ref_model.tflite", wave.samples[0::2])
    assert len(golden.scores) == 312
    assert golden.detections == (*range(43, 67), 156)
    (truth,) = read_truth(reference_data / "datasets" / "sww01" / "sww_short_test.json")
    heard = score([0, *(32 * frame for frame in golden.detections)], truth.detection_windows)
    assert heard.counts == (2, 1, 0)


def test_another_benchmarks_model_is_refused(reference_data: Path) -> None:
    with pytest.raises(UsageError, match="not int8 1x30x1x40 and 3"):
        golden_scores(reference_data / "models" / "kws_ref_model.tflite", [0] * 1024)


# -- pins ------------------------------------------------------------------------------------
def edges(*moments: tuple[int, int]) -> list[Edge]:
    return [Edge(level, picoseconds, 0, 0) for level, picoseconds in moments]


def frames(count: int = 4) -> list[Edge]:
    return edges(*((1 - n % 2, n // 2 * PERIOD_PS + n % 2 * 18 * 10**9) for n in range(2 * count)))


BLIPS = edges((0, 5 * 10**9), (1, 5 * 10**9 + 10**6))


def test_pins_are_found_where_only_one_moves_so() -> None:
    still = {"PE9": frames(), "PB8": BLIPS}
    pins = find_pins(PinEdges(still), [])
    assert (pins.processing, pins.detection) == ("PE9", "PB8")
    assert set(pins.origins.values()) == {"found: the only pin that moves so"}
    two = PinEdges(still | {"PF13": BLIPS})
    with pytest.raises(UsageError, match=r"PB8, PF13 move as a detection pin does\n.*--detection-pin"):
        find_pins(two, [])
    board = ("board file", {"processing": "PA1", "detection": "PB8"})  # PA1 is another firmware's
    found = find_pins(two, [board])
    assert (found.processing, found.detection, found.origins["detection"]) == ("PE9", "PB8", "board file")
    assert find_pins(two, [("option", {"detection": "PF13"}), board]).detection == "PF13"
    with pytest.raises(UsageError, match="did not move while audio was played"):
        find_pins(two, [("option", {"detection": "PA1"})])
    with pytest.raises(UsageError, match="no pin moves as a processing pin does"):
        find_pins(PinEdges({"PB8": BLIPS}), [])


def test_catalogue_and_boards_agree() -> None:
    for row in streaming_catalog():
        wiring = load_board(row.board).wiring
        assert (wiring.processing, wiring.detection) == (row.processing_pin, row.detection_pin)


# -- whole runs ------------------------------------------------------------------------------
def listen(
    image: Path, wav: Path, *, hook: str = "auto", slice_cycles: int | None = None, error_ppm: float = 0
) -> StreamingRun:
    machine = Machine("nucleo-l4r5zi", hook=hook)
    machine.load(image)
    if slice_cycles:
        machine.execution.set_slice(slice_cycles)
    job = StreamingJob(image, {}, None, error_ppm)
    return run_sound(job, StreamingSession(machine, error_ppm=error_ppm), read_sound(wav))


def test_a_sound_is_heard(firmware: Path, sound: Path, tmp_path: Path) -> None:
    truth, report = tmp_path / "truth.json", tmp_path / "report.json"
    truth.write_text(
        json.dumps([{"wav_file": str(sound), "detection_windows": [[0.15, 0.2], [3, 4]], "length_sec": 0.64}])
    )
    result = bench("sww", "--image", firmware, "--truth", truth, "--json", report)
    assert result.exit_code == 0, result.output
    assert "1 true positives, 1 false negatives, 0 false positives" in result.stdout
    (run,) = json.loads(report.read_text())["runs"]
    assert (run["frames"], run["frames_played"]) == (20, 20)
    assert run["detection_frames"] == list(LOUD)
    assert [moment - run["detections_ms"][0] for moment in run["detections_ms"][1:]] == [160, 192, 384]
    assert run["mean_period_ms"] == pytest.approx(32, abs=0.001)
    assert run["duty_cycle"] == pytest.approx(run["mean_processing_ms"] / 32, rel=1e-4)
    assert run["as_the_runner"]["duty_cycle"] == pytest.approx(run["duty_cycle"], rel=2e-3)
    assert run["missed_frames"] == []
    assert run["pins"]["origins"] == {"processing": "board file", "detection": "board file"}
    cycles, instructions = run["cycles_per_frame"]["median"], run["instructions_per_frame"]["median"]
    assert run["processing_ms"]["median"] == pytest.approx(cycles / 4e6 * 1e3, rel=1e-6)
    assert cycles > instructions > 512 * 5


def test_a_frame_as_a_recording(firmware: Path, sound: Path, tmp_path: Path) -> None:
    report, recording = tmp_path / "sww.json", tmp_path / "frame.blr"
    words = ["sww", "--image", firmware, "--audio", sound, "--json", report, "--profile", recording]
    result = bench(*words)
    assert result.exit_code == 0, result.output
    (run,) = json.loads(report.read_text())["runs"]
    frame = read_recording(recording)
    assert frame.identity.title in result.output
    assert frame.identity.title.endswith(f"of {run['frames']} of clicks.wav")
    assert abs(frame.cycles - run["cycles_per_frame"]["median"]) < 100  # it ends where a block does
    assert {function.name for function in frame.functions} >= {"main"}


def test_audio_leaves_figures_alone_whatever_hook_and_slice(firmware: Path, sound: Path) -> None:
    """Audio is modelled time like everything else: the same cycles to the last digit."""
    wanted = listen(firmware, sound)
    for other in (
        listen(firmware, sound, slice_cycles=997),
        listen(firmware, sound, hook="python"),
        listen(firmware, sound),
    ):
        assert other.frames == wanted.frames
        assert (other.cycles, other.instructions) == (wanted.cycles, wanted.instructions)
        assert other.detections_ms == wanted.detections_ms


def test_a_masters_clock_is_its_own(firmware: Path, sound: Path) -> None:
    run = listen(firmware, sound, error_ppm=-1875)
    assert run.duty.period_s * 1e3 == pytest.approx(32 / (1 - 1875e-6), abs=0.001)
    assert run.duty.processing_s == pytest.approx(listen(firmware, sound).duty.processing_s, rel=1e-3)


def test_a_snapshot_in_the_middle_of_a_sound(firmware: Path, sound: Path) -> None:
    machine = Machine("nucleo-l4r5zi")
    machine.load(firmware)
    session = StreamingSession(machine)
    session.host.command("start")
    session.master.play(read_sound(sound).wave.samples)
    machine.run(max_cycles=700_001, quiet_seconds=100)
    before = machine.snapshot()
    machine.run(max_cycles=500_000, quiet_seconds=100)
    wanted = (machine.counts, machine.read_memory(0x20000000, 0x1100))
    machine.restore(before)
    assert machine.counts != wanted[0]
    machine.run(max_cycles=500_000, quiet_seconds=100)
    assert (machine.counts, machine.read_memory(0x20000000, 0x1100)) == wanted


def test_a_missed_deadline_is_named(sound: Path, tmp_path: Path) -> None:
    slow = build(tmp_path, "slow", WORK=14000)
    result = bench("sww", "--image", slow, "--audio", sound)
    assert result.exit_code == 0, result.output
    assert "missed deadline: frame 0 at 0.032 s took 3" in result.stdout
    assert "of 32.000 ms" in result.stdout
    assert "more frames\n" in result.stdout
    assert "what is to be heard is not known" in result.stdout


def test_pins_by_option_and_found(sound: Path, tmp_path: Path) -> None:
    other = build(tmp_path, "other", PROCESSING="3u")
    result = bench("sww", "--image", other, "--audio", sound)
    assert "processing PE3 (found: the only pin that moves so), detection PB8 (board file)" in result.stdout
    result = bench("sww", "--image", other, "--audio", sound, "--processing-pin", "PE3")
    assert "processing PE3 (option)" in result.stdout
    result = bench("sww", "--image", other, "--audio", sound, "--processing-pin", "PE9")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--processing-pin PE9: this pin did not move" in result.stderr
    assert "pins that did: PB8, PE3" in result.stderr


def test_energy_of_a_run(firmware: Path, sound: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = bench("sww", "--image", firmware, "--audio", sound, "--mode", "energy", "--json", report)
    assert result.exit_code == 0, result.output
    (run,) = json.loads(report.read_text())["runs"]
    energy = run["energy"]
    assert run["mode"] == "energy"
    assert energy["seconds"] == pytest.approx(0.64 + 0.25, abs=0.02)
    assert energy["energy_uj"] == pytest.approx(energy["power_mw"] * energy["seconds"] * 1e3)
    assert energy["window"] == "start to stop"
    assert energy["power_mw"] > 0


def test_our_own_firmware_model_and_sound(cross_tools: None, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = bench("sww", "--json", report)
    assert result.exit_code == 0, result.output
    (run,) = json.loads(report.read_text())["runs"]
    assert "3 true positives, 0 false negatives, 0 false positives" in result.stdout
    assert run["golden"]["match"] is True
    assert (run["board"], len(run["detection_frames"]) > 10) == ("nucleo-l4r5zi", True)


@pytest.mark.slow
def test_our_own_firmware_in_energy_mode(cross_tools: None) -> None:
    result = bench("sww", "--board", "nucleo-u575zi-q", "--mode", "energy")
    assert result.exit_code == 0, result.output
    assert "energy of the last two events of PF13" in result.stdout


def test_firmware_that_does_not_listen(sound: Path, tmp_path: Path) -> None:
    deaf = build(tmp_path, "deaf", DEAF=1)
    result = bench("sww", "--image", deaf, "--audio", sound)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the device did nothing with the sound" in result.stderr
    unnamed = bench("--image", build(tmp_path, "unnamed"))
    assert (unnamed.exit_code, unnamed.stdout) == (1, "")
    assert "the device runs 'sww01'" in unnamed.stderr
    assert "`boardless bench sww --image FILE --audio FILE.wav`" in unnamed.stderr
    another = build(tmp_path, "another", MODEL='"kws01"')
    result = bench("sww", "--image", another, "--audio", sound)
    assert result.exit_code == 2
    assert "the device runs 'kws01', not streaming wake word" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sww", "kws"], "sww runs alone"),
        (["sww", "--layers"], "--layers: is not of streaming wake word"),
        (["sww", "--mode", "accuracy"], "--mode accuracy: is not of streaming wake word"),
        (["sww", "--image", "IMAGE"], "which sound is to be played?"),
        (["sww", "--model", "IMAGE"], "which sound is to be played?"),
        (["sww", "--board", "virtual-m4"], "our firmware drives no audio input of virtual-m4"),
        (["kws", "--audio", "SOUND"], "--audio: is of streaming wake word"),
        (["sww", "--image", "IMAGE", "--audio", "SOUND", "--board", "nucleo-g0b1re"], "boardless: "),
        (["sww", "--image", "IMAGE", "--audio", "SOUND", "--board", "virtual-m4"], "boardless: "),
        (["sww", "--image", "IMAGE", "--audio", "IMAGE"], "is no WAV file"),
        (["sww", "--image", "IMAGE", "--audio", "SOUND", "--audio-error", "1e9"], "--audio-error"),
    ],
)
def test_what_can_not_be_asked_for(words: list[str], said: str, firmware: Path, sound: Path) -> None:
    names = {"SOUND": str(sound), "IMAGE": str(firmware)}
    result = bench(*(names.get(word, word) for word in words))
    assert result.exit_code != 0
    assert said in result.stderr, result.stderr
    assert "Traceback" not in result.output


# -- published images ------------------------------------------------------------------------
@pytest.mark.parametrize("row", streaming_catalog(), ids=lambda row: row.system)
def test_published_images_hear_the_same(
    row: object, development_image: Callable[[str, str], Path], reference_data: Path
) -> None:
    """Detections in the same frames on all, periods exact; milliseconds within 5 % of the published ones."""
    assert isinstance(row, type(streaming_catalog()[0]))
    image = development_image(row.version, row.path)
    machine = Machine(row.board)
    machine.load(image)
    folder = reference_data / "datasets" / "sww01"
    (truth,) = read_truth(folder / "sww_short_test.json")
    sound = read_sound(folder / truth.wav_file, truth)
    run = run_sound(StreamingJob(image, {}), StreamingSession(machine), sound)
    assert len(run.frames) == 312
    assert run.detection_frames == (*range(43, 67), 156)
    assert run.score is not None and run.score.counts == (2, 1, 0)
    assert run.duty.period_s == pytest.approx(0.032, rel=1e-5)
    assert run.published_ratio == pytest.approx(1, abs=0.05)
    assert not run.missed


def test_our_firmware_is_shipped_for_the_board_that_is_taken_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No compiler is needed for it; the other mode is built."""
    built: list[str] = []

    def build_it(_benchmark: str, _support: object, _board: str, _model: Path, mode: str) -> Path:
        built.append(mode)
        return Path("built.elf")

    monkeypatch.setattr(bench_streaming, "built_image", build_it)
    assert bench_streaming.image_of(StreamingOptions(None)).parent.name == "images"
    assert bench_streaming.image_of(StreamingOptions(None, energy=True)) == Path("built.elf")
    assert built == ["energy"]
