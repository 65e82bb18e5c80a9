"""The recording's answers from Python."""

from __future__ import annotations

from pathlib import Path

import pytest

import boardless
from tests.reporting.made import generated, small


@pytest.fixture
def report(tmp_path: Path) -> boardless.Report:
    boardless.write_recording(small(), tmp_path / "run.blr")
    return boardless.Report(tmp_path / "run.blr")


def test_tables(report: boardless.Report) -> None:
    assert report.recording == small()
    assert (report.cycles, report.instructions) == (810, 361)
    assert sum(report.by("function").column("cycles")) == 810
    assert report.by("function", inlined=True).column("function").count("arm_nn_read_s8x4") == 1
    assert sum(report.by("line", function="conv.cc").column("cycles")) == 582
    assert report.annotate("Eval").column("address")[0] == 0x08000200
    assert len(report.loops()) == len(report.loops("Eval")) == 1
    assert report.callers("0x08000200").column("caller") == ["main"]
    assert len(report.callees("main")) == 3
    assert report.tree(0.5).column("function") == ["reset: main", "  tflite::Eval(int) [conv.cc]"]
    assert report.by("cause").to_pandas()["cycles"].sum() == 810
    assert set(report.tables) == set(boardless.recording_tables(small()))


def test_in_a_notebook(report: boardless.Report) -> None:
    assert repr(report) == (
        "<Report one kws inference: kws.elf on nucleo-l4r5zi, 810 cycles, 361 instructions, simulated>"
    )
    shown = report._repr_html_()
    assert shown.count("<table>") == 3
    assert "unofficial" in shown and "<script>" not in shown


def test_files(report: boardless.Report, tmp_path: Path) -> None:
    data = report.export("collapsed", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == data
    assert report.html(tmp_path / "page.html") == (tmp_path / "page.html").read_text()
    other = boardless.Report(generated(1))
    assert 'id="comparison"' in other.html(before=report)
    assert report.difference(other).startswith("B takes ")
    assert "function" in report.compare(other)


def test_what_there_is_not(report: boardless.Report) -> None:
    with pytest.raises(boardless.UsageError, match="no table by 'lines'"):
        report.by("lines")
    with pytest.raises(boardless.UsageError, match="a table by memory is of all functions"):
        report.by("memory", function="main")
    with pytest.raises(boardless.UsageError, match="no format 'svg'"):
        report.export("svg")
    with pytest.raises(boardless.UsageError, match="can't be written"):
        report.export("csv", "/nowhere/at/all")
