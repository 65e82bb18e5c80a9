"""The official runner's files of streaming wake word: of a published image, energy included."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from streaming_firmware import write_wave

from benches.cli.bench import bench
from benches.runs.official_conversation import Mode
from benches.runs.official_files import MARK
from benches.runs.official_tree import folder_of
from benches.silicon.streaming_catalog import streaming_catalog
from emulator.errors import UsageError

TRUTH, AUDIO = "datasets/sww01/sww_short_test.json", "datasets/sww01/short_wav_easy10s.wav"
CHECKED = (  # what the round's checker looks for
    r"Accuracy: 2 True positives, 1 False negatives, 0 False positives",
    r"Average duty cycle:\s*(0\.13\d*)",
    r"Average period: 0\.032 s",
    r"Estimated throughput:\s*([\d\.]+) inf\./sec\..*",
    r"Power\s+: ([\d\.]+) mW.*",
)


def test_a_published_image(
    tmp_path: Path, development_image: Callable[[str, str], Path], shared_data: Callable[[str], Path]
) -> None:
    row = next(row for row in streaming_catalog() if row.mode == "energy" and row.mhz == 280)
    image = development_image(row.version, row.path)
    words = ["sww", "--image", str(image), "--truth", str(shared_data(TRUTH)), "--mode", "energy"]
    result = CliRunner().invoke(bench, [*words, "--official-results", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    folder = folder_of(tmp_path, row.board, "sww", Mode.ENERGY)
    results, log = ((folder / name).read_text() for name in ("results.txt", "log.txt"))
    assert (folder / "energy_inf_000.png").read_bytes().startswith(b"\x89PNG")  # the checker asks for it
    assert all(re.search(pattern, results) for pattern in CHECKED), results
    assert MARK in results.splitlines()[0]
    assert MARK in log.splitlines()[0]
    assert "Playing short_wav_easy10s.wav (length = 10.0s)..." in log
    assert str(image.parent) not in log
    (entry,) = json.loads((folder / "results.json").read_text())
    assert list(entry) == ["infer", "dutycycle", "activations", "power", "mode", "note"]
    assert (entry["mode"], entry["infer"]["iterations"], len(entry["infer"]["detections"])) == ("e", 1, 26)
    duty, power = entry["dutycycle"], entry["power"]
    assert len(duty["start_times_s"]) == len(duty["stop_times_s"]) == 100
    assert duty["duty_cycle"] == pytest.approx(duty["processing_time"] / duty["period"])
    (_, start), (_, stop) = power["timestamps"]
    assert sum(power["samples"][start:stop]) / (stop - start) * 1e6 == pytest.approx(30.4, abs=1)
    system = json.loads(
        (tmp_path / "open/boardless-simulated-unofficial/systems" / f"{row.board}.json").read_text()
    )
    assert MARK in system["Note"]


def test_a_sound_without_a_truth_is_refused(tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    words = ["sww", "--audio", str(shared_data(AUDIO)), "--official-results", str(tmp_path)]
    with pytest.raises(UsageError, match="what was heard"):
        CliRunner().invoke(bench, words, catch_exceptions=False)


def test_the_tree_tells_of_a_board_of_ones_own(
    tmp_path: Path, development_image: Callable[[str, str], Path]
) -> None:
    row = next(row for row in streaming_catalog() if row.mhz == 120)
    board = tmp_path / "our-board.toml"
    shipped = (files("peripherals") / "boards" / f"{row.board}.toml").read_text()
    board.write_text(re.sub("^title = .*", 'title = "Ours"', shipped, flags=re.MULTILINE))
    write_wave(tmp_path / "sound.wav", 20)
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps([{"wav_file": "sound.wav", "detection_windows": []}]))
    words = ["sww", "--image", str(development_image(row.version, row.path)), "--board", str(board)]
    words += ["--truth", str(truth), "--official-results", str(tmp_path)]
    result = CliRunner().invoke(bench, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    systems = tmp_path / "open/boardless-simulated-unofficial/systems"
    assert json.loads((systems / "our-board.json").read_text())["Board Name"] == "Ours (emulated)"
