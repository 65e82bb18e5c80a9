"""docs/profiling.md: its commands run, and print what the page shows; it names all that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from notebook import BLOCK
from session import Command, commands, run

from emulator.recording.reference import reference
from emulator.recording.store import APPLICATION_ID, SCHEMA
from emulator.reporting.exports.formats import FORMATS
from emulator.reporting.questions import QUESTIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "profiling.md").read_text()
LARGEST_PICTURE_BYTES = 300_000
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("session")


@pytest.mark.parametrize("number", range(len(commands(PAGE))), ids=lambda n: commands(PAGE)[n].line[10:50])
def test_commands_print_what_the_page_shows(number: int, folder: Path) -> None:
    """In order, in one folder: each stands on what those before it wrote."""
    command = commands(PAGE)[number]
    shown = run(command.line, folder)
    assert max(map(len, shown.splitlines())) <= 80 or command.line.startswith("boardless profile")
    assert command.shows(shown), f"{shown}\npython tests/packaging/session.py docs/profiling.md"


def test_python(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    if not (folder / "kws.blr").exists():
        run(commands(PAGE)[0].line, folder)
    monkeypatch.chdir(folder)
    for block in BLOCK.finditer(PAGE):
        if block[1] == "python":
            exec(block[2], {})
    assert "multiply_groups" in capsys.readouterr().out


def test_all_questions_and_formats_are_told_of() -> None:
    assert [name for name in QUESTIONS if f"`--by {name}`" not in PAGE] == []
    assert [name for name in FORMATS if f"`{name}`" not in PAGE] == []


def test_the_reference_of_the_file() -> None:
    assert reference() in PAGE, "python -m emulator.recording.reference"
    assert f"0x{APPLICATION_ID:X}" in PAGE
    assert f"the schema, now {SCHEMA}" in PAGE


def test_pictures() -> None:
    named = re.findall(r"!\[[^\]]+\]\((pictures/[\w.-]+)\)", PAGE)
    assert named
    for name in named:
        data = (ROOT / "docs" / name).read_bytes()
        assert data.startswith(PNG)
        assert len(data) <= LARGEST_PICTURE_BYTES, "python tests/packaging/pictures.py"


def test_what_a_page_may_say() -> None:
    command = Command("", "f    4,000,000  62.4 %\n")
    assert command.shows("f  4,010,000  62.5 %\n")
    assert not command.shows("g  4,010,000  62.5 %\n")
    assert not command.shows("f  4,110,000  62.5 %\n")
