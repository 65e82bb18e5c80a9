"""Pictures: what is drawn where, the Pareto front, the worst of several, and what makes no picture."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benches.cli.sweep import sweep as command
from benches.sweep.plots import Picture, pareto_front
from benches.sweep.run import Outcome
from benches.sweep.specification import Sweep, read_sweep
from benches.sweep.table import table_of
from emulator.errors import UsageError
from emulator.reporting.table import Table

SPECIFICATION = """
title = "Chips"
image = ["a", "b"]
max_cycles = [1, 2, 3]
[variants.memory.fast]
[variants.memory.slow]
timing = "core"
"""
SVG = "{http://www.w3.org/2000/svg}"


def figures(cycles: int, flash: int) -> dict[str, object]:
    return {
        "figures": {
            "instructions": 1, "cycles": cycles, "waiting_cycles": 0, "clock_hz": 1_000_000,
            "time_us": 1000.0 * cycles, "energy_uj": None, "flash_bytes": flash, "ram_bytes": 7,
            "output": "", "measured": "", "error": "", "board_name": "", "core": "",
        }
    }  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> tuple[Sweep, Table]:
    """Twelve cells, the last one failed: image, max_cycles, memory."""
    file = tmp_path / "sweep.toml"
    file.write_text(SPECIFICATION)
    sweep = read_sweep(file)
    results = [figures(10 * number + 1, 1000 - number) for number in range(11)] + [{"failure": "no"}]
    return sweep, table_of(sweep, Outcome(results, [None] * 12))


def texts(svg: bytes) -> list[str]:
    return [(node.text or "").strip() for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_pareto_front() -> None:
    points = [(1, 9), (2, 5), (2, 6), (3, 5), (4, 1), (5, 3)]
    assert pareto_front(points, 1, 1) == [(1, 9), (2, 5), (4, 1)]
    assert pareto_front(points, 1, -1) == [(1, 9)]
    assert pareto_front(points, -1, 1) == [(5, 3), (4, 1)]
    assert pareto_front(points, -1, -1) == [(5, 3), (3, 5), (2, 6), (1, 9)]


def test_a_figure_over_another(made: tuple[Sweep, Table]) -> None:
    picture = Picture(*made)
    svg = picture.scatter(Path("a.svg"), "flash", "latency", "memory")
    words = texts(svg)
    assert {"flash bytes", "latency ms", "memory", "fast", "slow", "Pareto front"} <= set(words)
    assert any(word.startswith("Chips: latency ms over flash bytes (1 of 12 cells") for word in words)
    assert any("unofficial" in word for word in words)
    assert len(re.findall(rb"<use ", svg)) >= 11
    assert svg == Picture(*made).scatter(Path("a.svg"), "flash", "latency", "memory")


def test_over_an_axis_the_worst_of_several(made: tuple[Sweep, Table]) -> None:
    picture = Picture(*made)
    words = texts(picture.scatter(Path("a.svg"), "max_cycles", "latency", "image"))
    assert {"max_cycles", "latency ms", "image", "a", "b"} <= set(words) and "Pareto front" not in words


def test_a_map(made: tuple[Sweep, Table]) -> None:
    words = texts(Picture(*made).heat(Path("a.svg"), "max_cycles", "cycles", "image"))
    assert {"11", "31", "51", "71", "91", "101"} <= set(words)  # of two memories the slower
    assert {"max_cycles", "image", "1", "2", "3", "a", "b"} <= set(words)
    worst = texts(Picture(*made).heat(Path("a.svg"), "max_cycles", "throughput", "image"))
    assert f"{1000 / 11:.3g}" in worst and f"{1000 / 1:.3g}" not in worst
    whole = texts(Picture(*made).heat(Path("a.svg"), "memory", "cycles", "max_cycles"))
    assert {"fast", "slow"} <= set(whole)


WRONG = {
    ("--plot", "FOLDER/a.bmp"): "a.bmp: this is no kind of picture",
    ("--plot", "FOLDER/a.svg", "--x", "size"): "there is no figure or axis 'size'",
    ("--plot", "FOLDER/a.svg", "--y", "size"): "there is no figure or axis 'size'",
    ("--plot", "FOLDER/a.svg", "--y", "image"): "--y: image is an axis",
    ("--plot", "FOLDER/a.svg", "--by", "size"): "--by: the sweep has no axis 'size'",
    ("--by", "image"): "--by: there is no picture to draw",
    ("--heat", "FOLDER/a.svg", "--x", "flash"): "--x: the sweep has no axis 'flash'",
    ("--heat", "FOLDER/a.svg", "--by", "image"): "--by: a map needs two axes",
}


@pytest.mark.parametrize("options", WRONG)
def test_what_can_not_be_drawn_is_named_before_anything_runs(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sweep.toml").write_text(SPECIFICATION)
    words = [word.replace("FOLDER", str(tmp_path)) for word in options]
    with pytest.raises(UsageError) as caught:
        command.main([str(tmp_path / "sweep.toml"), *words], standalone_mode=False)
    assert WRONG[options] in str(caught.value)
    assert not list(tmp_path.glob("a.*"))


def test_energy_that_no_cell_has(made: tuple[Sweep, Table]) -> None:
    with pytest.raises(UsageError, match="no cell has flash bytes and energy"):
        Picture(*made).scatter(Path("a.svg"), "flash", "energy", None)
