import json
import subprocess
from dataclasses import replace
from importlib.resources import files

import pytest
from click.testing import CliRunner
from fake_device import FakeBoard, FakeMachine

from benches.cli import validate_run
from benches.cli.validate import validate as command
from benches.cli.validate_run import ValidateOutputs
from benches.measure.performance import MeasuredWindow
from benches.protocol.host import InferenceWindow, Results, Stamp
from benches.silicon import row_pool, validate
from benches.silicon.catalog import CatalogRow, development_catalog
from benches.silicon.image_sources import find_image
from benches.silicon.row_figures import report_json
from benches.silicon.row_pool import validate_rows
from benches.silicon.streaming_catalog import streaming_catalog
from benches.silicon.validate import ABSENT, FAILED, OK, ValidateOptions, error_figures, fit_cpi
from emulator.cli.main import main
from emulator.errors import CheckFailed, GuestFault, UsageError
from emulator.files import OutputFile

ROW = CatalogRow("v1.2", "us", "our board", "vww", "code/image.bin", "fake-board", 10.0, mhz=100.0)
ROW_KEYS = {
    "version",
    "submitter",
    "system",
    "benchmark",
    "core",
    "published_cycles",
    "modelled_cycles",
    "device_cycles",
    "instructions",
    "ratio",
    "host_s",
    "board_s",
    "status",
    "detail",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code/image.bin").write_bytes(b"firmware")
    return tmp_path


def use_machine(monkeypatch, machine):
    monkeypatch.setattr(validate, "machine_of", lambda *_arguments: machine)


def use_catalog(monkeypatch, catalog):
    monkeypatch.setattr(validate_run, "development_catalog", catalog)
    monkeypatch.setattr(validate_run, "streaming_catalog", tuple)


def test_a_row_that_runs(folder, monkeypatch):
    use_machine(monkeypatch, FakeMachine(inference_cycles=1_010_000, inference_instructions=800_000))
    row = validate.validate_row(ROW, ValidateOptions((folder,)))
    assert (row.status, row.detail) == (OK, "")
    assert set(row.as_json()) >= ROW_KEYS
    assert row.published_cycles == 1_000_000
    assert row.modelled_cycles == pytest.approx(1_010_000, abs=15_000)  # without the printed line
    assert row.device_cycles == pytest.approx(row.modelled_cycles, abs=200)
    assert row.ratio == row.modelled_cycles / 1_000_000
    assert row.core == "cortex-m4"
    assert row.board_s == pytest.approx(row.modelled_cycles / 1e8)


def test_the_host_s_time_is_a_difference_too():
    def window(inferences, cycles, host_s):
        counts = Stamp(2 * cycles, cycles)
        results = Results((1.0,), "1.0")
        inside = InferenceWindow(inferences, 1, 1000, 1000 + cycles, results, counts, host_s=host_s)
        return MeasuredWindow("input", inside, 1_000_000)

    rest = validate._without_printing(window(1, 130, 0.4), window(4, 430, 1.0)).window
    assert (rest.inferences, rest.counts, rest.elapsed_us) == (3, Stamp(600, 300), 300)
    assert rest.host_s == pytest.approx(0.6)
    assert validate._without_printing(window(1, 130, None), window(4, 430, 1.0)).window.host_s is None


def test_absent_images_are_named_and_not_failed(folder, monkeypatch):
    use_machine(monkeypatch, FakeMachine())
    rows = validate_rows([ROW, replace(ROW, path="code/other.bin")], ValidateOptions((folder,)))
    assert [row.status for row in rows] == [OK, ABSENT]
    report = report_json(rows)
    assert report["absent"] == {"count": 1, "paths": ["v1.2 code/other.bin"]}
    assert report["summary"]["cortex-m4"]["count"] == 1


@pytest.mark.parametrize(
    ("machine", "detail"),
    [
        (FakeMachine(boots=False), "no m-ready after 'boot'"),
        (FakeMachine(model="kws01"), "kws01, not vww01"),
        (FakeMachine(model="sww01"), "none of kws"),
        (FakeMachine(silent_on="infer"), "no m-ready after 'infer 1 1'"),
    ],
)
def test_a_failing_row_is_a_row(folder, monkeypatch, machine, detail):
    use_machine(monkeypatch, machine)
    row = validate.validate_row(ROW, ValidateOptions((folder,)))
    assert row.status == FAILED
    assert detail in row.detail
    assert "\n" not in row.detail


@pytest.mark.parametrize("error", [GuestFault("HardFault at main"), ZeroDivisionError("a bug")])
def test_neither_a_crash_nor_a_bug_ends_the_table(folder, monkeypatch, error):
    def explode(*_arguments):
        raise error

    monkeypatch.setattr(validate, "machine_of", explode)
    row = validate.validate_row(ROW, ValidateOptions((folder,)))
    assert row.status == FAILED
    assert str(error) in row.detail


def test_another_clock_and_another_image_are_remarked(folder, monkeypatch):
    use_machine(monkeypatch, FakeMachine())
    row = validate.validate_row(replace(ROW, mhz=120.0, sha256="00" * 32), ValidateOptions((folder,)))
    assert row.status == OK
    assert "runs at 100 MHz, published at 120 MHz" in row.detail
    assert "not the catalogue's image" in row.detail


def test_interruption_keeps_the_rows_that_are_done(folder, monkeypatch):
    def interrupt(_row, _options):
        raise KeyboardInterrupt

    monkeypatch.setattr(row_pool, "validate_row", interrupt)
    rows = validate_rows([ROW], ValidateOptions((folder,)))
    assert [row.status for row in rows] == ["not run"]


def test_rows_in_processes_come_back_in_order(folder):
    catalog = [replace(ROW, system=f"s{index}", path=f"absent/{index}") for index in range(3)]
    rows = validate_rows(catalog, ValidateOptions((folder,)), jobs=2)
    assert [(row.system, row.status) for row in rows] == [(f"s{index}", ABSENT) for index in range(3)]


# -- where images are found ------------------------------------------------------------
def commit_bare(folder):
    """A bare git directory whose HEAD holds what ``folder`` holds."""
    work = folder / "work"
    work.mkdir()
    (work / "code").mkdir()
    (work / "code/image.bin").write_bytes(b"from git")
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "images"]):
        subprocess.run(["git", "-C", work, *arguments], check=True)
    bare = folder / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", work, bare], check=True)
    return bare


def test_image_in_a_bare_git_directory(tmp_path):
    bare = commit_bare(tmp_path)
    found = find_image(ROW, [bare])
    assert found.data == b"from git"
    assert "HEAD:code/image.bin" in found.origin
    assert find_image(replace(ROW, path="code/none.bin"), [bare]) is None


def test_image_in_a_folder_per_version(folder):
    (folder / "v1.2" / "code").mkdir(parents=True)
    (folder / "v1.2/code/only.bin").write_bytes(b"here")
    assert find_image(replace(ROW, path="code/only.bin"), [folder]).data == b"here"


def test_another_rounds_repository_is_not_searched(folder):
    other = folder / "tiny_results_v1.1"
    (other / "code").mkdir(parents=True)
    (other / "code/image.bin").write_bytes(b"older")
    assert find_image(ROW, [other]) is None
    assert find_image(replace(ROW, version="v1.1"), [other]).data == b"older"


def test_the_named_sha256_is_preferred(folder):
    second = folder / "second"
    (second / "code").mkdir(parents=True)
    (second / "code/image.bin").write_bytes(b"right")
    assert find_image(replace(ROW, sha256="11" * 32), [folder, second]).data == b"firmware"
    row = replace(ROW, sha256=find_image(ROW, [second]).sha256)
    assert find_image(row, [folder, second]).data == b"right"


def test_large_file_pointers_are_absent(folder):
    (folder / "code/image.bin").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert find_image(ROW, [folder]) is None


# -- figures ---------------------------------------------------------------------------
def test_error_figures():
    figures = error_figures([1.01, 0.98, 1.03, 0.96, 1.05])
    assert figures.count == 5
    assert figures.mean_abs_error == pytest.approx(0.03)
    assert figures.median_abs_error == pytest.approx(0.03)
    assert figures.p90_abs_error == pytest.approx(0.05)
    assert figures.worst_abs_error == pytest.approx(0.05)


def test_baseline_is_the_best_constant():
    rates = [0.8, 0.82, 0.9, 0.5]

    def mean_error(cpi):
        return sum(abs(cpi * rate - 1) for rate in rates) / len(rates)

    best = mean_error(fit_cpi(rates))
    assert best <= min(mean_error(1 + step / 1000) for step in range(1500)) + 1e-9


# -- the command -----------------------------------------------------------------------
def test_command_prints_both_tables_and_writes_json(folder, monkeypatch, tmp_path, capsys):
    machine = FakeMachine(board=FakeBoard("fake-board", "cortex-m33"))
    use_machine(monkeypatch, machine)
    use_catalog(monkeypatch, lambda: (ROW, replace(ROW, path="gone.bin")))
    report = tmp_path / "report.json"
    validate_run.run_validate(None, ValidateOptions((folder,)), 1, ValidateOutputs(OutputFile(report)))
    printed = capsys.readouterr().out
    assert "simulated and unofficial" in printed
    assert "1 of 2 images are absent:" in printed and "gone.bin" in printed
    assert "cycles an instruction (fitted)" in printed
    content = json.loads(report.read_text())
    assert set(content["summary"]["cortex-m33"]) == {
        *("count", "mean_abs_error", "median_abs_error", "p90_abs_error", "worst_abs_error", "baseline"),
    }
    assert len(content["rows"]) == 2


def test_command_fails_the_check_when_a_present_image_fails(folder, monkeypatch, capsys):
    use_machine(monkeypatch, FakeMachine(boots=False))
    use_catalog(monkeypatch, lambda: (ROW,))
    with pytest.raises(CheckFailed, match="1 of 1"):
        validate_run.run_validate(None, ValidateOptions((folder,)), 1, ValidateOutputs())
    assert "no m-ready" in capsys.readouterr().out


def test_command_line_takes_several_folders(folder, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(validate_run, "run_validate", lambda *arguments: seen.append(arguments))
    result = CliRunner().invoke(command, ["--images", str(folder), str(tmp_path), "--jobs", "2"])
    assert result.exit_code == 0, result.output
    assert seen[0][1].folders == (folder, tmp_path)
    assert seen[0][2] == 2


def test_without_folders_every_development_image_is_absent():
    rows = validate_rows(development_catalog(), ValidateOptions())
    assert {row.status for row in rows} == {ABSENT}


def test_some_images_absent_is_a_count_all_absent_is_no_check(folder, monkeypatch, tmp_path, capsys):
    use_machine(monkeypatch, FakeMachine(board=FakeBoard("fake-board", "cortex-m33")))
    report = OutputFile(tmp_path / "report.json")
    use_catalog(monkeypatch, lambda: (ROW, replace(ROW, path="gone.bin")))
    validate_run.run_validate(None, ValidateOptions((folder,)), 1, ValidateOutputs())
    assert "1 of 2 images are absent" in capsys.readouterr().out
    with pytest.raises(CheckFailed, match="1 of 2 images are absent") as caught:
        validate_run.run_validate(
            None, ValidateOptions((folder,)), 1, ValidateOutputs(report, require_all=True)
        )
    assert "gone.bin" in caught.value.next_step
    for required in (False, True):
        with pytest.raises(UsageError, match="none of the 2 images was found"):
            validate_run.run_validate(
                None, ValidateOptions(), 1, ValidateOutputs(report, require_all=required)
            )
    assert not report.path.exists()


def test_absent_images_on_the_command_line(tmp_path):
    result = CliRunner().invoke(main, ["validate", "--images", str(tmp_path)])
    assert result.exit_code == 2
    count = len(development_catalog()) + len(streaming_catalog())
    assert f"none of the {count} images was found" in result.stderr
    catalog = tmp_path / "catalog.csv"
    catalog.write_text("elf,function,board,published_cycles\ngone.elf,f,virtual-m0,1\n")
    result = CliRunner().invoke(main, ["validate", "--assembly", "--catalog", str(catalog)])
    assert result.exit_code == 2
    assert "none of the 1 images was found" in result.stderr
    own = files("benches.assembly").joinpath("micro_kernels.csv").read_text().splitlines()
    kernels = str(files("benches.assembly"))
    catalog.write_text("\n".join([own[0], own[1], own[1].replace("micro_kernels.elf", "gone.elf")]))
    words = ["validate", "--assembly", "--catalog", str(catalog), "--images", kernels]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "1 of 2 functions are absent" in result.stdout
    result = CliRunner().invoke(main, [*words, "--require-all"])
    assert result.exit_code == 1
    assert "gone.elf" in result.stderr
