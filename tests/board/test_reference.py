"""docs/board-file.md: written from the declarations, current, and its example works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.board.reader import load_board
from emulator.board.reference import reference
from emulator.board.schema import AcceleratorTable, BoardTable, DeviceTable, RegionTable
from emulator.board.shipped import device_kinds
from emulator.board.supply import EnergyTable
from emulator.board.wiring import WiringTable
from emulator.schema.table import Table, field_names
from emulator.timing.cores.registry import MODELS
from emulator.timing.memory.memory_system import KINDS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "board-file.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| `(?P<key>\w+)` \| (?P<value>.*) \| (?P<default>.*) \| (?P<meaning>.*) \| (?P<example>.*) \|$", re.M
)


def section(heading: str) -> str:
    start = PAGE.index(f"\n{heading}\n")
    return re.split(r"\n#{2,3} ", PAGE[start + len(heading) + 2 :], maxsplit=1)[0]


def test_the_page_is_current(tmp_path: Path) -> None:
    assert reference() == PAGE, "write it anew: python -m emulator.board.reference"
    page = tmp_path / "page.md"
    subprocess.run([sys.executable, "-m", "emulator.board.reference", page], check=True, cwd=ROOT)
    assert page.read_text(encoding="utf-8") == PAGE


def test_its_example_works(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.S)
    path = tmp_path / "my-board.toml"
    path.write_text(block)
    board = load_board(str(path))
    assert (board.console, dict(board.signals)) == ("usart2", {"PC13": 1})


TABLES: dict[str, type[Table]] = {
    "## Top level": BoardTable,
    "## `[regions.NAME]`": RegionTable,
    "## `[accelerators.NAME]`": AcceleratorTable,
    "## `[devices.NAME]`": DeviceTable,
    "## `[wiring]`": WiringTable,
    "## `[energy]`": EnergyTable,
    **{f"### kind `{name}`": kind.parameters for name, kind in KINDS.items()},
    **{f"### core `{name}`": core.parameters for name, core in MODELS.items()},
    **{f"### `{path}`": kind.PARAMETERS for path, kind in device_kinds().items()},
}


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_has_value_default_meaning_and_example(heading: str) -> None:
    rows = list(ROW.finditer(section(heading)))
    assert tuple(row["key"] for row in rows) == field_names(TABLES[heading])
    for row in rows:
        assert row["value"] and row["default"] and row["meaning"].endswith(".")
        if row["value"] != "tables, see below":
            assert list(tomllib.loads(row["example"].strip("`"))) == [row["key"]]


def test_units_are_there() -> None:
    rows = {row["key"]: row["value"] for row in ROW.finditer(PAGE)}
    assert (
        "in Hz" in rows["hse_hz"] and "in cycles" in rows["wait_states"] and "in bytes" in rows["line_bytes"]
    )
    assert "in mV" in rows["supply_mv"]
