"""The tables on terminals of several widths."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benches.runs.figures import run_table

HEADERS = ("benchmark", "board", "cycles")
ROWS = (("kws", "nucleo-l4r5zi", "6,321,278"), ("vww", "nucleo-l4r5zi", "19,134,408"))


def _printed(table: object, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize("width", [42, 60, 240])
def test_no_figure_is_cut(width: int) -> None:
    text = _printed(run_table("Runs", HEADERS, ROWS), width)
    for cell in (*HEADERS, *(cell for row in ROWS for cell in row)):
        assert cell in text
    assert max(map(len, text.splitlines())) <= width


def test_runs_become_columns_where_rows_do_not_fit() -> None:
    table = run_table("Runs", HEADERS, ROWS, words=2)
    assert [line for line in _printed(table, 100).splitlines() if "nucleo" in line and "6,321,278" in line]
    assert [line for line in _printed(table, 40).splitlines() if "cycles" in line and "19,134,408" in line]
