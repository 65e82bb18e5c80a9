"""Runs a document's Python blocks as the cells of a notebook: one after the other, in one namespace."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from dataclasses import dataclass
from typing import Any

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """A Python block, and the text block right behind it (None: there is none)."""

    source: str
    output: str | None


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
        is_output = (
            following is not None
            and following[1] == "text"
            and not text[block.end() : following.start()].strip()
        )
        cells.append(Cell(block[2], following[2] if is_output and following is not None else None))
    return cells


def run_cell(cell: Cell, names: dict[str, Any]) -> str:
    """What a notebook would show below the cell: what it prints, then its last expression's value."""
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
