"""docs/new-board.md: its commands run, in order, and print what the page shows.

``python tests/packaging/test_new_board_page.py`` writes what comes out into the page.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from session import BLOCK, PROGRAMS, commands

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "new-board.md"
CHIP = ROOT / "tests" / "chip"


def prepare(folder: Path) -> None:
    """The page's chip and firmware, under names that are the same everywhere."""
    shutil.copy(CHIP / "kestrel.svd", folder)
    for name in ("crystal.c", "crystal.ld"):
        shutil.copy(CHIP / name, folder)
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O1", "-g", "-ffreestanding", "-nostdlib",
         "-T", "crystal.ld", "crystal.c", "-o", "firmware.elf"],
        cwd=folder, check=True,
    )  # fmt: skip


def run(line: str, folder: Path) -> str:
    """What a command prints, its errors too, where nobody watches: without a line of progress."""
    program, *words = line.split()
    done = subprocess.run(
        [*PROGRAMS[program], *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=True,
    )  # fmt: skip
    return done.stdout.rstrip() + "\n"


def test_commands_print_what_the_page_shows(tmp_path: Path, cross_tools: None) -> None:
    prepare(tmp_path)
    found = commands(PAGE.read_text())
    assert len(found) >= 4
    for command in found:
        shown = run(command.line, tmp_path)
        assert command.shows(shown), f"{shown}\npython tests/packaging/test_new_board_page.py"


def test_the_row_that_it_shows_is_one_of_the_map(tmp_path: Path, cross_tools: None) -> None:
    prepare(tmp_path)
    run(commands(PAGE.read_text())[0].line, tmp_path)
    row = re.search(r"^```json\n(.*)\n```$", PAGE.read_text(), flags=re.MULTILINE)
    assert row is not None
    assert row[1] in (tmp_path / "kestrel.registers.json").read_text()


def test_every_option_is_on_the_page() -> None:
    for option in ("--svd", "--chip", "--image", "--flash", "--ram", "--core", "--reset-hz", "--console"):
        assert option in PAGE.read_text()


def written_anew() -> str:
    """The page with what comes out now."""
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))

        def block(found: re.Match[str]) -> str:
            shown = [f"$ {c.line}\n{run(c.line, Path(name))}" for c in commands(found[0])]
            return f"```console\n{''.join(shown)}```"

        return BLOCK.sub(block, PAGE.read_text())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    PAGE.write_text(written_anew())
