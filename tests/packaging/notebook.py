"""Runs a document's Python blocks as the cells of a notebook: one after the other, in one namespace.

``python tests/packaging/notebook.py docs/PAGE.md`` writes what comes out into the page.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
IMAGE = ROOT / "benches" / "images" / "kws-nucleo-l4r5zi.elf"  # a page's firmware.elf
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])\d[\d_,]{3,}(?!\w)")
TOLERANCE = 0.02
"""A change of a timing model moves the page's counts a little; that alone does not make it wrong."""


@dataclass(frozen=True)
class Cell:
    """A Python block, and the text block right behind it (None: there is none)."""

    source: str
    output: str | None

    def shows(self, output: str) -> bool:
        """Whether the page says that; numbers of four digits and more may be near."""
        said, shown = (self.output or "").rstrip(), output.rstrip()
        pairs = zip(NUMBER.findall(said), NUMBER.findall(shown), strict=False)
        near = all(abs(_value(a) - _value(b)) <= TOLERANCE * _value(a) for a, b in pairs)
        return near and NUMBER.sub("#", said) == NUMBER.sub("#", shown)


def _value(number: str) -> int:
    return int(re.sub("[_,]", "", number))


def notebooks(document: str) -> dict[str, list[Cell]]:
    """The cells under each heading of the second level, and those before the first under ``""``."""
    sections = re.split(r"^## (.*)$", document, flags=re.MULTILINE)
    titled = zip(["", *sections[1::2]], sections[0::2], strict=True)
    return {title: cells for title, text in titled if (cells := _cells(text))}


def _cells(text: str) -> list[Cell]:
    blocks = list(BLOCK.finditer(text))
    cells = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] != "python":
            continue
        output = None
        if following is not None and following[1] == "text":
            between = text[block.end() : following.start()]
            output = None if between.strip() else following[2]
        cells.append(Cell(block[2], output))
    return cells


def run_cells(cells: list[Cell]) -> list[str]:
    """What a notebook would show below each cell, in a folder that has a ``firmware.elf``."""
    names: dict[str, Any] = {"__name__": "__main__"}
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(IMAGE, Path(folder) / "firmware.elf")
        os.chdir(folder)
        try:
            return [_run(cell, names) for cell in cells]
        finally:
            os.chdir(here)


def _run(cell: Cell, names: dict[str, Any]) -> str:
    """What the cell prints, then its last expression's value."""
    tree = ast.parse(cell.source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(compile(tree, "<cell>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
            if value is not None:
                print(repr(value))
    return shown.getvalue().replace("\r\n", "\n")  # as a terminal or a notebook shows it


def written_anew(document: str) -> str:
    """The document with what comes out now."""
    for cells in notebooks(document).values():
        for cell, shown in zip(cells, run_cells(cells), strict=True):
            if cell.output is not None:
                before = f"```python\n{cell.source}```\n\n```text\n"
                document = document.replace(
                    before + cell.output + "```", before + shown.strip("\n").rstrip() + "\n```"
                )
    return document


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(written_anew(page.read_text()))
