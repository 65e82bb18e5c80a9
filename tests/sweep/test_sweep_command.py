"""``boardless sweep`` as users run it: the table, what is kept, the best, failed cells, Ctrl-C."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from sweep_specs import BOOT, command, run

from benches.cli.sweep import sweep
from emulator.errors import UsageError

SHORT = f"""
title = "Boots"
{BOOT}
until = "m-ready"
clock = ["120MHz", "60MHz"]
[parameters]
accelerators.flash.parameters.wait_states = [0, 4]
"""


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as text:
        return list(csv.DictReader(text))


def test_the_table(tmp_path: Path) -> None:
    done = run(tmp_path, SHORT, "--csv", "a.csv", "--parquet", "a.parquet", "--json", "a.json", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "4 cells, 2 measurements, 0 of them kept from before" in done.stdout
    table = rows(tmp_path / "a.csv")
    axes = ["clock", "accelerators.flash.parameters.wait_states"]
    assert list(table[0])[:3] == [*axes, "status"]
    assert [[row[name] for name in axes] for row in table] == [
        ["120MHz", "0"], ["120MHz", "4"], ["60MHz", "0"], ["60MHz", "4"],
    ]  # fmt: skip
    assert {row["status"] for row in table} == {"ok"}
    frame = pd.read_parquet(tmp_path / "a.parquet")
    assert list(frame.columns) == list(table[0])
    assert [str(cycles) for cycles in frame["cycles"]] == [row["cycles"] for row in table]
    report = json.loads((tmp_path / "a.json").read_text())
    assert len(report["table"]["rows"]) == 4 and report["notes"] == [] and "unofficial" in report["note"]
    # what waits for the UART waits as long, at half the clock in half the cycles
    fast, slow = table[0], table[2]
    busy = int(fast["cycles"]) - int(fast["waiting_cycles"])
    assert int(slow["cycles"]) == busy + int(slow["waiting_cycles"])
    assert int(slow["waiting_cycles"]) == round(int(fast["waiting_cycles"]) / 2)
    assert float(slow["latency_us"]) == pytest.approx(int(slow["cycles"]) / 60)


def test_what_is_kept_is_not_measured_again(tmp_path: Path) -> None:
    first = run(tmp_path, SHORT, "--csv", "a.csv")
    more = SHORT.replace("[0, 4]", "[0, 2, 4]")
    second = run(tmp_path, more, "--csv", "b.csv")
    assert first.returncode == second.returncode == 0
    assert "6 cells, 3 measurements, 2 of them kept from before" in second.stdout
    alone = run(tmp_path, more, "--csv", "c.csv", "--no-cache")
    assert "0 of them kept" in alone.stdout
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "c.csv").read_bytes()


def test_a_failed_cell_is_a_row_with_its_reason(tmp_path: Path) -> None:
    done = run(tmp_path, f'{BOOT}max_cycles = 20000\nfunction = ["main", "nobody"]\n', "--csv", "a.csv")
    assert done.returncode == 1
    good, bad = rows(tmp_path / "a.csv")
    assert good["status"] == "failed" and "did not return" in good["reason"]
    assert bad["status"] == "failed" and "has no function 'nobody'" in bad["reason"]
    assert "2 of 2 cells could not be measured" in done.stderr
    assert "a cell (nobody): " in done.stdout


def test_a_combination_that_no_board_has_is_a_row(tmp_path: Path) -> None:
    text = f"{BOOT}max_cycles = 1000\n[parameters]\nregions.sram1.wait_states = [0, 300]\n"
    done = run(tmp_path, text, "--csv", "a.csv")
    states = [(row["status"], row["reason"]) for row in rows(tmp_path / "a.csv")]
    assert states[0] == ("ok", "")
    assert states[1][0] == "failed"
    assert states[1][1].startswith("sweep.toml: parameters: regions.sram1.wait_states: must be")
    assert done.returncode == 1


def test_a_parameter_that_no_cell_can_have_is_an_error(tmp_path: Path) -> None:
    done = run(tmp_path, f"{BOOT}[parameters]\nregions.sramm.wait_states = [0, 1]\n")
    assert done.returncode == 2
    assert "sweep.toml: parameters: regions.sramm" in done.stderr
    assert "Traceback" not in done.stderr


def test_calls_and_functions_and_inputs(tmp_path: Path) -> None:
    data = bytes(range(245)) * 2
    (tmp_path / "a.bin").write_bytes(data)
    (tmp_path / "b.bin").write_bytes(data[::-1])
    done = run(tmp_path, f'{BOOT}input = ["a.bin", "b.bin", "none.bin"]\n', "--csv", "a.csv")
    first, second, third = rows(tmp_path / "a.csv")
    assert first["measured"] == second["measured"] == "kws"
    assert first["output"] != second["output"]
    assert "no such input" in third["reason"] and done.returncode == 1
    # each as if it were alone
    alone = run(tmp_path, f'{BOOT}input = ["b.bin"]\n', "--csv", "b.csv", "--no-cache")
    assert alone.returncode == 0
    assert rows(tmp_path / "b.csv")[0] == second


def test_builds(tmp_path: Path, cross_tools: None) -> None:
    text = """
    board = "virtual-m4"
    [build]
    benchmark = "ad"
    opt = ["1", "3"]
    flags = ["", "--no-such-flag"]
    """
    done = run(tmp_path, text, "--csv", "a.csv")
    table = rows(tmp_path / "a.csv")
    assert [row["status"] for row in table] == ["ok", "failed"] * 2, done.stderr
    assert "no-such-flag" in table[1]["reason"]
    assert table[0]["flash_bytes"] != table[2]["flash_bytes"]
    assert int(table[0]["cycles"]) > int(table[2]["cycles"])
    again = run(tmp_path, text, "--csv", "b.csv", "--best", "cycles", "--under", "flash=1M")
    assert "2 measurements, 2 of them kept" in again.stdout
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


# -- the best ------------------------------------------------------------------------------
def test_best_and_limits(tmp_path: Path) -> None:
    done = run(tmp_path, SHORT, "--best", "clock", "--under", "latency=7ms", "--json", "a.json")
    assert done.returncode == 0, done.stderr
    best = json.loads((tmp_path / "a.json").read_text())["best"]
    assert best["rows"][0][0] == "60MHz"
    none = run(tmp_path, SHORT, "--best", "clock", "--under", "latency=1us")
    assert none.returncode == 1
    assert "none of 4 has least clock with latency <= 1us" in none.stderr
    assert "4 miss latency <= 1us" in none.stderr


WRONG = {
    ("--best", "speed"): "--best: there is no figure 'speed'",
    ("--best", "ram", "--under", "ram"): "--under: 'ram' is no limit",
    ("--best", "ram", "--under", "ram=64X"): "'64X' is no ram",
    ("--best", "ram", "--every", "x"): "--every: the sweep has no axis 'x'",
    ("--under", "ram=3"): "--under: limits choose among the best",
}


@pytest.mark.parametrize("options", WRONG)
def test_a_wrong_question_is_named_before_anything_runs(options: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(SHORT)
    with pytest.raises(UsageError) as caught:
        sweep.main([str(tmp_path / "sweep.toml"), *options], standalone_mode=False)
    assert WRONG[options] in str(caught.value)


# -- accidents -----------------------------------------------------------------------------
def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    text = f"{BOOT}inferences = {list(range(1, 41))}\n"
    (tmp_path / "sweep.toml").write_text(text)
    words = [*command("--csv", "a.csv", "--jobs", "1")]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    cache = tmp_path / ".boardless-cache"
    while not list(cache.rglob("*.json")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in err and "Traceback" not in err
    table = rows(tmp_path / "a.csv")
    measured = [row for row in table if row["status"] == "ok"]
    assert len(table) == 40 and 0 < len(measured) < 40, out
    assert {row["reason"] for row in table if row["status"] == "failed"} == {
        "interrupted before it was measured"
    }
    short = text.replace(str(list(range(1, 41))), str([int(row["inferences"]) for row in measured]))
    again = run(tmp_path, short, "--csv", "b.csv")
    assert f"{len(measured)} measurements, {len(measured)} of them kept" in again.stdout
    assert rows(tmp_path / "b.csv") == measured


def test_any_number_of_workers_in_any_order(tmp_path: Path) -> None:
    text = SHORT.replace("[0, 4]", "[0, 1, 2, 3, 4]")
    outputs = set()
    for jobs in (1, 3):
        done = run(tmp_path, text, "--csv", "a.csv", "--no-cache", "--jobs", str(jobs))
        assert done.returncode == 0, done.stderr
        outputs.add((tmp_path / "a.csv").read_bytes())
    backwards = run(
        tmp_path, text.replace("[0, 1, 2, 3, 4]", "[4, 3, 2, 1, 0]"), "--csv", "b.csv", "--no-cache"
    )
    assert backwards.returncode == 0
    assert len(outputs) == 1
    assert sorted((tmp_path / "b.csv").read_bytes().splitlines()) == sorted(outputs.pop().splitlines())


def test_a_damaged_result_is_measured_anew(tmp_path: Path) -> None:
    run(tmp_path, SHORT, "--csv", "a.csv")
    entries = sorted((tmp_path / ".boardless-cache").rglob("*.json"))
    damages = (lambda text: text.replace('"cycles": ', '"cycles": 9'), lambda text: text[:-20])
    for entry, damage in zip(entries, damages, strict=True):
        entry.write_text(damage(entry.read_text()))
    done = run(tmp_path, SHORT, "--csv", "b.csv")
    assert done.returncode == 0
    assert done.stdout.count("measured anew") == 2
    assert "its content is not what was written" in done.stdout and "it is no result" in done.stdout
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert "2 of them kept" in run(tmp_path, SHORT).stdout


def test_a_full_disk_costs_the_keeping_alone(tmp_path: Path) -> None:
    """A limit of the size of files stands for a disk without room."""
    reference = run(tmp_path, SHORT, "--csv", "a.csv", "--no-cache")
    assert reference.returncode == 0
    script = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *command("--json", "-")]
    full = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert full.returncode == 0, full.stderr
    report = json.loads(full.stdout)
    assert len(report["notes"]) == 1 and "results are not kept for another run" in report["notes"][0]
    cycles = [row[6 - 1] for row in report["table"]["rows"]]
    assert [str(value) for value in cycles] == [row["cycles"] for row in rows(tmp_path / "a.csv")]
    before = (tmp_path / "a.csv").read_bytes()
    script[-2:] = ["--csv", "a.csv"]
    full = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert full.returncode == 2 and "Traceback" not in full.stderr
    assert (tmp_path / "a.csv").read_bytes() == before


def test_a_worker_that_is_killed(tmp_path: Path) -> None:
    text = f"{BOOT}[parameters]\nregions.sram1.wait_states = [0, 1, 2, 3, 4, 5]\n"
    (tmp_path / "sweep.toml").write_text(text)
    words = command("--csv", "a.csv", "--jobs", "2")
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    cache = tmp_path / ".boardless-cache"
    while not list(cache.rglob("*.json")):
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(_workers(process.pid)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "note: the process of a job ended with code -9; it was done again" in out
    alone = run(tmp_path, text, "--csv", "b.csv", "--no-cache", "--jobs", "1")
    assert alone.returncode == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def _workers(pid: int) -> list[int]:
    """Children that do jobs: those of multiprocessing's spawn."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            line = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"spawn_main" in line:
                found.append(int(child))
    return found
