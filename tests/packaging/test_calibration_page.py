"""docs/calibration.md: its commands run, and print what the page shows; it names every kernel."""

from __future__ import annotations

import re
from pathlib import Path

from session import commands, run, write_files

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "calibration.md").read_text()


def test_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    """In order, in one folder: the second reads what the first wrote."""
    write_files(PAGE, tmp_path)
    for command in commands(PAGE):
        shown = run(command.line, tmp_path)
        assert command.shows(shown), f"{shown}\npython tests/packaging/session.py docs/calibration.md"


def test_every_kernel_is_told_of() -> None:
    source = (ROOT / "firmware" / "calibration" / "main.c").read_text()
    kernels = set(re.findall(r'(?:turns|data|walk|measure)\("([\w-]+)"', source)) - {"empty"}
    kernels |= set(re.findall(r'"([\w-]*call)"', source))
    assert len(kernels) >= 15
    assert [name for name in sorted(kernels) if f"`{name}`" not in PAGE] == []


def test_it_begins_with_what_most_people_need() -> None:
    first = re.search(r"^```text\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert first is not None
    assert len(first[1].splitlines()) <= 3
    assert PAGE[: first.start()].count("\n") <= 2
