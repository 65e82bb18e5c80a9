"""docs/sweeps.md: commands give what it shows, its example's answer holds, every key and option has words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from benches.cli.sweep import sweep
from benches.sweep.figures import BY_NAME
from benches.sweep.settings import BuildTable, SettingsTable
from benches.sweep.specification import read_sweep
from emulator.schema.table import fields_of
from tests.packaging.session import Command, commands, run, write_files

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sweeps.md").read_text()
EXAMPLE = ROOT / "firmware" / "examples" / "memories" / "sweep.toml"
CYCLES = 6
"""Column of the table."""
QUESTION = ("--best", "clock", "--over", "throughput=30", "--every", "image")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    write_files(PAGE, tmp_path)
    for command in commands(PAGE):
        assert command.shows(run(command.line, tmp_path)), command.line


def test_the_second_specification_is_one(tmp_path: Path) -> None:
    file = tmp_path / "sweep.toml"
    file.write_text(blocks("toml")[1])
    assert [cell.place for cell in read_sweep(file).cells] == [("no cache",), ("fast flash",)]


def test_which_memory_runs_all_benchmarks_at_the_lowest_clock(tmp_path: Path) -> None:
    (text,) = blocks("text")
    line, _, shown = text.partition("\n")
    report = tmp_path / "sweep.json"
    assert line == f"$ boardless sweep sweep.toml {' '.join(QUESTION)}"
    done = subprocess.run(
        [sys.executable, "-m", "boardless", "sweep", str(EXAMPLE), *QUESTION,
         "--cache", str(tmp_path / "cache"), "--json", str(report)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Command(line, shown).shows(done.stdout)
    found = json.loads(report.read_text())
    rows = found["table"]["rows"]
    images, clocks, memories = ({row[side]: None for row in rows} for side in range(3))
    assert set(images) == {"kws", "vww", "ic", "ad"} and len(memories) == 6
    # by hand: the clock that the slowest benchmark needs in each memory, and the next one that is listed
    needed = {memory: max(30 * row[CYCLES] for row in rows if row[2] == memory) for memory in memories}
    hertz = {int(clock.removesuffix("MHz")) * 1_000_000: clock for clock in clocks}
    enough = {m: min((c for c in hertz if c >= need), default=None) for m, need in needed.items()}
    best = min(memories, key=lambda memory: needed[memory])
    clock, memory, clock_hz, per_second, _latency = found["best"]["rows"][0]
    assert (clock, memory, clock_hz) == (hertz[enough[best]], best, enough[best])
    assert per_second == pytest.approx(30 * clock_hz / needed[best])
    # caches pay, a tightly coupled SRAM pays, and without either no clock that is listed is enough
    assert best == "16 KB caches, SRAM tightly coupled"
    assert [m for m, clock_hz in enough.items() if clock_hz is None] == ["flash with 5 waits"]


def test_every_key_figure_and_option_has_its_words() -> None:
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    words = {word for cell in re.findall(r"`([^`]+)`", prose) for word in cell.split()}
    keys = {*fields_of(SettingsTable), *fields_of(BuildTable), "title"} - {"build"}
    assert keys <= words
    assert set(BY_NAME) <= words
    shown = set(re.findall(r"--[a-z-]+", PAGE))
    options = {max(option.opts, key=len) for option in sweep.params if isinstance(option, click.Option)}
    assert options - {"--help"} <= shown
