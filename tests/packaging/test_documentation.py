"""The examples in README.md and docs/ work as they stand; CONTRIBUTING.md's: test_contributing.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from notebook import Cell, notebooks, run_cells

ROOT = Path(__file__).parents[2]
IMAGE = ROOT / "benches" / "images" / "kws-nucleo-l4r5zi.elf"


def example(document: str, language: str, containing: str) -> str:
    text = (ROOT / document).read_text()
    blocks = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
    (found,) = [re.sub(rf"(?m)^{indent}", "", block) for indent, block in blocks if containing in block]
    return str(found)


def test_python_example(capsys: pytest.CaptureFixture[str]) -> None:
    source = example("README.md", "python", "Machine(").replace("firmware.elf", str(IMAGE))
    exec(source, {})
    shown = capsys.readouterr().out
    assert "m-name-dut-" in shown
    assert "0xcbf43926" in shown  # CRC-32's check value, ITU-T V.42


PYTHON_PAGE = notebooks((ROOT / "docs" / "python.md").read_text())


@pytest.mark.parametrize("title", PYTHON_PAGE)
def test_python_page(title: str) -> None:
    """Cell by cell, as in a notebook; what the page shows below a cell is what comes out."""
    cells = PYTHON_PAGE[title]
    for cell, shown in zip(cells, run_cells(cells), strict=True):
        assert cell.shows(shown), f"{cell.source}\n{shown}\npython tests/packaging/notebook.py docs/python.md"


def test_what_a_page_may_say_of_a_count() -> None:
    cell = Cell("", "at 0x0800 f+0x2 (a.c:14), 10,000 cycles\n")
    assert cell.shows("at 0x0800 f+0x2 (a.c:14), 10,199 cycles\n")
    assert not cell.shows("at 0x0800 f+0x2 (a.c:14), 10,201 cycles\n")
    assert not cell.shows("at 0x0801 f+0x2 (a.c:14), 10,000 cycles\n")
    assert not cell.shows("at 0x0800 f+0x2 (a.c:15), 10,000 cycles\n")


def test_python_page_is_a_page_of_examples() -> None:
    assert len(PYTHON_PAGE) >= 3
    first = PYTHON_PAGE[""][0].source
    assert len(first.strip().splitlines()) <= 10, "begins with the ten lines that most people need"


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/python.md", "docs/board-file.md"])
def test_named_files_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    named = re.findall(r"`((?:emulator|peripherals|firmware|benches|tests)/[\w./-]+)`", text)
    assert named
    invented = re.compile("my-board|VENDOR|NN")
    assert [name for name in named if not invented.search(name) and not (ROOT / name).exists()] == []
