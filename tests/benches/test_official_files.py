"""The official runner's files: its lines and keys, the mark, the tree; of made-up runs and of real ones."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import pytest
from click.testing import CliRunner

from benches.cli.bench import bench
from benches.protocol.host import InferenceWindow, Profile, Results
from benches.runs import official_conversation
from benches.runs.job import shipped_job
from benches.runs.official_conversation import Entry, Mode, OfficialRun, PowerTrace, System, play
from benches.runs.official_files import headline, log_text, results_json, results_text
from benches.runs.official_tree import folder_of, write_run
from benches.suite.benchmarks import ANOMALY_DETECTION, KEYWORD_SPOTTING
from benches.suite.input_files import LabelledFile
from emulator import Machine
from emulator.errors import UsageError

MARK = "simulated and unofficial: an emulator's figures, not results of the benchmark's consortium"
CHECKED = {  # what the round's checker looks for, and what people's scripts do after it
    Mode.PERFORMANCE: r".* Median throughput is\s+([\d\.]+) inf\./sec\..*",
    Mode.ACCURACY: r".* AUC\s?[:=] ([\d\.]+).*",
    Mode.ENERGY: r"Median energy cost is ([\d\.]+) uJ/inf",
}
FOLDERS = {"performance": Mode.PERFORMANCE, "accuracy": Mode.ACCURACY, "energy": Mode.ENERGY}


def window(inferences: int, start_us: int, stop_us: int, *values: float) -> InferenceWindow:
    results = Results(values, ",".join(f"{value:.3f}" for value in values))
    return InferenceWindow(inferences, 10, start_us, stop_us, results, None)


def entry(name: str, label: int, classes: int, seen: InferenceWindow, **more: object) -> Entry:
    file = LabelledFile(Path(name), label, 490, 490, (str(classes), str(label)))
    return replace(Entry(file, 0, None, seen, 61.2, 62.9, 3675.0), **more)


def run(mode: Mode, *entries: Entry, benchmark: object = KEYWORD_SPOTTING) -> OfficialRun:
    system = System("my-board", "My board", "cortex-m4", 120_000_000, "kws.elf", "ab" * 32)
    return OfficialRun(mode, benchmark, "us", Profile("the firmware", "kws01"), system, entries, 3300)


PERFORMANCE = run(
    Mode.PERFORMANCE,
    entry("a.bin", 1, 2, window(200, 1_000_000, 11_000_001, 0.25, 0.75)),
    entry("b.bin", 0, 2, window(200, 12_000_000, 22_000_000, 0.5, 0.5)),
    entry("c.bin", 0, 2, window(200, 23_000_000, 43_000_000, 0.5, 0.5)),
)


def test_performance_is_told_as_the_runner_tells_it() -> None:
    lines = results_text(PERFORMANCE).splitlines()
    assert MARK in lines[0]
    assert lines[1:6] == [
        "Performance results for window 1",
        "    # Inferences : 200",
        "    Runtime: 10.000001 sec.",
        f"    Throughput: {200 / 10.000001} inf./sec.",
        "    Runtime requirements have been met.",
    ]
    assert lines.count("    Runtime requirements have been met.") == 2  # ten seconds are not more than ten
    assert lines[-2] == "0101.010115 ulp-mlperf: Median throughput is     20.000 inf./sec."
    assert headline(PERFORMANCE) == "Median throughput is     20.000 inf./sec."


def test_json_has_the_runners_keys_and_the_mark() -> None:
    first = json.loads(results_json(PERFORMANCE))[0]
    assert MARK in first.pop("note")
    assert first == {
        "file": "a.bin", "classes": "2", "class": "1", "bytes_to_send": None, "stride": None,
        "total_length": None, "mode": "p",
        "infer": {
            "start_time": 1_000_000, "end_time": 11_000_001, "results": [0.25, 0.75],
            "elapsed_time": 10_000_001, "total_inferences": 1, "iterations": 200, "warmups": 10,
            "throughput": 200 / 10.000001,
        },
    }  # fmt: skip


def test_the_log_is_dated_by_modelled_time() -> None:
    text = log_text(PERFORMANCE)
    lines = text.splitlines()
    assert MARK in lines[0]
    assert MARK in lines[-1]
    assert "Device model retrieved: kws01" in lines
    assert "0101.000101 ulp-mlperf: Loading file a.bin segment 0" in lines
    assert "0101.000102 ulp-mlperf: Load complete." in lines
    assert "Running inference with 10/200 (warmup/measured) iterations ..." in lines
    assert "0101.010115 ulp-mlperf:   Runtime      :     10.000 sec." in lines
    assert "0101.010115 ulp-mlperf:   m-results    : [0.25, 0.75]" in lines


def test_accuracy_of_classes_and_of_anomalies() -> None:
    right, wrong = window(1, 0, 50, 0.1, 0.9), window(1, 0, 50, 0.8, 0.2)
    classes = [
        entry(f"{n}.bin", label, 2, seen)
        for n, (label, seen) in enumerate([(1, right), (1, wrong), (0, wrong)])
    ]
    assert headline(run(Mode.ACCURACY, *classes)) == "Top 1% = 66.7; AUC = 0.750"
    scores = [("n", 0, 1.0), ("n", 0, 3.0), ("m", 0, 1.0), ("x", 1, 4.0), ("x", 1, 6.0)]
    pieces = [entry(name, label, 2, window(1, 0, 50, score), segments=2) for name, label, score in scores]
    anomalies = run(Mode.ACCURACY, *pieces, benchmark=ANOMALY_DETECTION)
    assert headline(anomalies) == "Top 1% = 100.0; AUC = 1.000"  # of means: 2, 1 and 5
    assert "throughput" not in json.loads(results_json(anomalies))[0]["infer"]


def test_energy_is_of_the_samples_between_the_events() -> None:
    power = PowerTrace((1e-5,) * 100 + (3e-5,) * 10_500, (100, 10_600))
    no_stamps = replace(window(250, 0, 0, 1.0), start_us=None, stop_us=None)
    energy = run(Mode.ENERGY, *(entry("a.bin", 1, 2, no_stamps, power=power) for _ in range(2)))
    lines = results_text(energy).splitlines()
    assert lines[1:4] == ["Power Edition Output", "Energy data for trial 0", "  Elapsed time  : 10.5"]
    assert "  Power         : 30.0000 mW." in lines
    assert "  Energy/Inf    : 1260.000 uJ/inf" in lines
    assert lines[-2] == "Median energy cost is 1260.0000 uJ/inf."
    short = replace(power, events=(100, 200))
    text = results_text(run(Mode.ENERGY, entry("a.bin", 1, 2, no_stamps, power=short)))
    assert "  Elapsed time  : 0.1  <<<< below minimum duration" in text
    second = json.loads(results_json(energy))[1]
    assert second["power"]["timestamps"] == [["3", 100], ["4", 10_600]]
    assert second["power"]["voltage"] == "3300m"
    assert set(second["infer"]) == {"results", "total_inferences", "iterations", "warmups"}


def test_the_tree_is_the_checkers(tmp_path: Path) -> None:
    folder, missing = write_run(tmp_path, PERFORMANCE)
    assert not missing
    assert folder == folder_of(tmp_path, "my-board", "kws", Mode.PERFORMANCE)
    assert folder.parts[-4:] == ("results", "my-board", "kws", "performance")
    assert {path.name for path in folder.iterdir()} == {"log.txt", "results.txt", "results.json"}
    system = json.loads((folder.parents[3] / "systems" / "my-board.json").read_text())
    assert system["Status"].lower() == "rdi"
    assert MARK in system["Note"]
    assert folder_of(tmp_path, "b", "ic02", Mode.ENERGY).parts[-2:] == ("ic2", "energy")


def test_energy_has_a_picture_a_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_stamps = replace(window(250, 0, 0, 1.0), start_us=None, stop_us=None)
    powers = [PowerTrace((1e-5,) * 100 + (joules,) * 300, (100, 400)) for joules in (3e-5, 6e-5)]
    energy = run(Mode.ENERGY, *(entry("a.bin", 1, 2, no_stamps, power=power) for power in powers))
    folder, missing = write_run(tmp_path / "with", energy)
    assert not missing
    first, second = (folder / f"energy_inf_00{number}.png" for number in range(2))
    colours = matplotlib.image.imread(first)[..., :3].reshape(-1, 3)
    for colour in ((0, 0, 1), (1, 0, 0)):  # the samples, and the events
        assert (colours == colour).all(axis=1).any()
    assert first.read_bytes() != second.read_bytes()
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else find_spec(name)
    )
    folder, missing = write_run(tmp_path / "without", energy)
    assert "boardless[plots]" in missing
    assert {path.name for path in folder.iterdir()} == {"log.txt", "results.txt", "results.json"}


@pytest.mark.parametrize("mode", FOLDERS)
def test_a_real_run_gives_the_same_files_again(tmp_path: Path, mode: str) -> None:
    written = []
    for name in ("one", "two"):
        root = tmp_path / name
        count = "1" if mode == "accuracy" else "2"
        words = ["ad", "--official-results", str(root), "--count", count, "--mode", mode, "--json", "-"]
        result = CliRunner().invoke(bench, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        assert MARK in result.stderr
        (done,) = json.loads(result.stdout)["official_results"]
        folder = folder_of(root, "nucleo-l4r5zi", "ad", FOLDERS[mode])
        assert done["folder"] == str(folder)
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1]
    found = re.search(CHECKED[FOLDERS[mode]], written[0]["results.txt"].decode())
    assert found or mode == "accuracy"  # one recording has no AUC
    entries = json.loads(written[0]["results.json"])
    assert all(MARK in item["note"] for item in entries)
    if mode == "accuracy":
        assert len(entries) == sum(item["total_length"] == entries[0]["total_length"] for item in entries)
    else:
        assert [item["infer"]["iterations"] for item in entries] == [2] * 5
        assert len({item["file"] for item in entries}) == 5


@pytest.mark.parametrize("mode", [Mode.PERFORMANCE, Mode.ENERGY])
def test_windows_are_planned_to_last_long_enough(monkeypatch: pytest.MonkeyPatch, mode: Mode) -> None:
    monkeypatch.setattr(official_conversation, "LEAST_WINDOW_PICOSECONDS", 10**11)  # a tenth of a second
    job = shipped_job(ANOMALY_DETECTION, "nucleo-l4r5zi")
    machine = Machine("nucleo-l4r5zi")
    machine.load(job.image)
    made = play(job, machine, mode)
    assert all(100_000 < item.window.elapsed_us < 110_000 for item in made.entries)
    if mode is Mode.ENERGY:
        spans = [item.power.events[1] - item.power.events[0] for item in made.entries]
        assert all(100 <= span < 110 for span in spans)


def test_what_can_not_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(2560))
    for words, message in (
        (["ad", "--layers"], "are of performance mode"),
        (["ad", "--inputs", str(tmp_path / "a.bin")], "one folder with y_labels.csv"),
    ):
        with pytest.raises(UsageError, match=message):
            CliRunner().invoke(
                bench, [*words, "--official-results", str(tmp_path / "out")], catch_exceptions=False
            )
