import json

import pytest
from click.testing import CliRunner
from fake_device import FakeMachine

from benches.cli import bench_run
from benches.cli.bench import bench
from benches.cli.bench_run import BenchOptions, plan_jobs, run_bench
from benches.cli.many_values import ManyValuesCommand
from benches.silicon.catalog import development_catalog
from benches.suite.benchmarks import VISUAL_WAKE_WORDS, find
from emulator.errors import CheckFailed, UsageError
from emulator.files import OutputFile

RUN_KEYS = {
    "benchmark",
    "board",
    "core",
    "clock_hz",
    "image",
    "image_sha256",
    "instructions",
    "cycles",
    "cpi",
    "latency_us",
    "throughput_per_s",
    "device_latency_us",
    "golden",
}


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.elf"
    path.write_bytes(b"firmware")
    return path


@pytest.fixture
def person_input(tmp_path):
    path = tmp_path / "person.bin"
    path.write_bytes(b"\x40" * VISUAL_WAKE_WORDS.input_bytes)
    return path


class FixedGolden:
    """Stands for the interpreter: the same vector for every input."""

    runtime = "fixed 1.0"

    def __init__(self, outputs):
        self._outputs = outputs

    def outputs(self, data):
        return self._outputs


def use_golden(monkeypatch, outputs):
    monkeypatch.setattr("benches.runs.job.GoldenInterpreter", lambda *_, **__: FixedGolden(outputs))
    monkeypatch.setattr("benches.measure.performance.GoldenInterpreter", FixedGolden)


def run(image, person_input, tmp_path, machine, **options):
    report = tmp_path / "report.json"
    try:
        run_bench(
            BenchOptions(
                benchmarks=(VISUAL_WAKE_WORDS,),
                image=image,
                inputs=(person_input,),
                json_file=OutputFile(report),
                **options,
            ),
            make_machine=lambda _job, _options: machine,
        )
    finally:
        content = json.loads(report.read_text()) if report.exists() else None
    return content


def test_report_holds_what_the_device_and_the_model_say(image, person_input, tmp_path, capsys):
    machine = FakeMachine(inference_cycles=2_000_000, inference_instructions=1_600_000)
    report = run(image, person_input, tmp_path, machine, count=50)
    assert report["boardless"] and report["hook"] == "fake"
    (row,) = report["runs"]
    assert set(row) >= RUN_KEYS
    assert row["golden"]["runtime"] is None and row["golden"]["match"] is None
    assert row["clock_hz"] == 100_000_000
    assert row["instructions"] == pytest.approx(1_600_000, rel=1e-3)
    assert row["cycles"] == pytest.approx(2_000_000, rel=3e-3)
    assert row["device_cycles"] == pytest.approx(row["cycles"], abs=3)
    assert row["latency_us"] == pytest.approx(row["device_latency_us"], abs=0.03)
    assert row["throughput_per_s"] == pytest.approx(1e6 / row["device_latency_us"])
    printed = capsys.readouterr().out
    assert "simulated and unofficial" in printed
    assert "--model" in printed  # why nothing was checked


def test_golden_match(image, person_input, tmp_path, monkeypatch):
    use_golden(monkeypatch, (0.25, 0.75))
    machine = FakeMachine(overwrites=True)  # the check has an inference of its own
    report = run(image, person_input, tmp_path, machine, model=image)
    assert report["runs"][0]["golden"]["match"] is True
    assert report["runs"][0]["golden"]["runtime"] == "fixed 1.0"
    assert [command for command in machine.commands if command.startswith("infer")] == [
        "infer 1 0",
        "infer 2 1",
    ]


def test_golden_mismatch_fails_the_check_and_still_reports(
    image, person_input, tmp_path, monkeypatch, capsys
):
    use_golden(monkeypatch, (0.5, 0.5))
    with pytest.raises(CheckFailed, match="vww") as caught:
        run(image, person_input, tmp_path, FakeMachine(), model=image)
    assert caught.value.exit_code == 1
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["runs"][0]["golden"] | {"inputs": []} == {
        "runtime": "fixed 1.0",
        "tolerance": 0.0,
        "match": False,
        "max_abs_diff": 0.25,
        "reason": None,
        "inputs": [],
    }
    assert "MISMATCH" in capsys.readouterr().out


def test_image_of_another_benchmark(image, person_input, tmp_path):
    with pytest.raises(UsageError, match="kws01, not vww01"):
        run(image, person_input, tmp_path, FakeMachine(model="kws01"))


def test_published_row_stands_beside_the_measured_one(image, person_input, tmp_path, monkeypatch, capsys):
    row = development_catalog()[0]
    monkeypatch.setattr("benches.runs.job.development_catalog", lambda: (row,))
    monkeypatch.setattr("benches.runs.job.sha256_of", lambda _path: row.sha256)
    report = run(image, person_input, tmp_path, FakeMachine(inference_cycles=2_000_000), count=100)
    assert report["runs"][0]["published"]["latency_ms"] == row.published_latency_ms
    ratio = report["runs"][0]["device_latency_us"] / 1e3 / row.published_latency_ms
    assert report["runs"][0]["published"]["ratio"] == pytest.approx(ratio)
    assert "published" in capsys.readouterr().out


def test_accuracy_mode_reports_quality(image, tmp_path):
    folder = tmp_path / "vww01"
    folder.mkdir()
    (folder / "a.bin").write_bytes(b"\x10" * VISUAL_WAKE_WORDS.input_bytes)
    (folder / "y_labels.csv").write_text("a.bin,2,1\n")
    report = run(image, tmp_path, tmp_path, FakeMachine(), accuracy=True)
    assert report["runs"][0]["top_1"] == 1.0
    assert report["runs"][0]["mode"] == "accuracy"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"benchmarks": (find("kws"), find("ic")), "image": True}, "one benchmark"),
        ({"model": True}, "--image"),
        ({"base": 0x08000000}, "--image"),
    ],
)
def test_contradicting_options(image, options, message):
    options = {key: image if value is True else value for key, value in options.items()}
    with pytest.raises(UsageError, match=message):
        plan_jobs(BenchOptions(**options))


def test_inputs_take_several_files_in_a_row(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(bench_run, "run_bench", seen.append)
    files = [tmp_path / name for name in ("a.bin", "b.bin")]
    for path in files:
        path.write_bytes(b"")
    arguments = ["--inputs", str(files[0]), str(files[1]), "kws", "--base", "0x08000000"]
    result = CliRunner().invoke(bench, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert seen[0].inputs == tuple(files)
    assert seen[0].benchmarks == (find("kws"),)
    assert seen[0].base == 0x08000000


def test_many_values_leave_other_options_alone():
    command = ManyValuesCommand("x", many_values=("--inputs",), not_values=("kws",))
    assert command.repeated(["kws", "--inputs", "a", "b", "--json", "c", "d"]) == [
        *("kws", "--inputs", "a", "--inputs", "b"),
        *("--json", "c", "d"),
    ]


def test_unknown_benchmark_and_bad_address_are_usage_errors():
    assert CliRunner().invoke(bench, ["xyz"]).exit_code == 2
    assert CliRunner().invoke(bench, ["--base", "here"]).exit_code == 2
