"""Imports go one way, from higher rooms to lower ones, and never in a circle; the tree shows the rooms."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.layout.graphs import Graph, circles, imports, includes, modules, named_in_text
from tests.layout.rooms import (
    HOMES,
    LINES,
    MOST_LINES,
    ONLY,
    ROOT_MODULES,
    VENDOR,
    WIDEST_LINE,
    rooms,
    tree,
)

ROOT = Path(__file__).parents[2]
PACKAGES = ("emulator", "peripherals", "benches", "boardless")
FILES = modules(ROOT, PACKAGES)
IMPORTS = imports(FILES)
DOORS = {"emulator": "emulator/machine/"}
"""The ``__init__`` of a whole package that re-exports names belongs to the room of those names."""
ROOMS = tuple(rooms())
RANKS = {room: rank for rank, room in enumerate(ROOMS)}

OPENED_BY_NAME = {
    ("emulator/board/", "peripherals/stm32/"): "the example of a device's type in the declared tables",
    ("emulator/cli/", "benches/"): "commands, and measured errors; an installation may lack the benches",
    ("emulator/cli/", "peripherals/instruments/"): "the energy desk's instruments are devices, too",
    ("emulator/machine/", "emulator/reporting/"): "a machine's recording of itself is a report's",
    ("emulator/learning/", "peripherals/*.py"): "the type of a device that it proposes for a board file",
}
"""What a lower room names of a higher one, in a string, and why."""


def room_of(module: str) -> str:
    """The room that a module is in; its own path when the tree has none."""
    path = FILES[module].relative_to(ROOT)
    for room in ROOMS:
        if str(path) == room or (room.endswith("/") and str(path).startswith(room)):
            return room
    if path.parts[0] == "peripherals":
        return ROOT_MODULES if len(path.parts) == 2 else f"peripherals/{path.parts[1]}/"
    return DOORS.get(module, str(path))


def rank_of(room: str) -> int | None:
    """How high a room is; a maker's folder stands where :data:`VENDOR` does. None: not in the tree."""
    is_vendor = room not in RANKS and room.startswith("peripherals/")
    return RANKS.get(VENDOR if is_vendor else room)


def is_upward(source: str, target: str) -> bool:
    """Whether a module imports a room that is not below its own."""
    here, there = room_of(source), room_of(target)
    low, high = rank_of(there), rank_of(here)
    return here != there and (low is None or high is None or low >= high)


def pairs(graph: Graph) -> list[tuple[str, str]]:
    return [(source, target) for source, targets in sorted(graph.items()) for target in sorted(targets)]


def test_every_module_is_in_a_room_of_the_tree() -> None:
    nowhere = {name for name in FILES if rank_of(room_of(name)) is None}
    bare = {name for name in nowhere if name in PACKAGES and not IMPORTS[name]}
    assert nowhere - bare == set(), "add the room to tests/layout/rooms.py"


def test_every_room_of_the_tree_exists() -> None:
    assert [room for room in ROOMS if room != VENDOR and not list(ROOT.glob(room))] == []
    here = [room for line in LINES if line.to_come for room in line.rooms if (ROOT / room).exists()]
    assert here == [], "it has come: take to_come away in tests/layout/rooms.py"


def test_a_room_says_what_it_is() -> None:
    folders = [ROOT / room for room in ROOMS if room.endswith("/")]
    packages = [folder for folder in folders if (folder / "__init__.py").exists()]
    assert len(packages) > 20
    silent = [str(p) for p in packages if not (p / "__init__.py").read_text("utf-8").startswith('"""')]
    assert silent == []


def test_imports_go_one_way_between_rooms() -> None:
    assert [pair for pair in pairs(IMPORTS) if is_upward(*pair)] == []


def test_a_package_imports_only_what_it_may() -> None:
    found = []
    for source, target in pairs(IMPORTS):
        allowed = ONLY.get(source.partition(".")[0])
        if allowed is not None and not any(_is_in(target, place) for place in allowed):
            found.append((source, target))
    assert found == []


def test_only_declared_places_open_a_higher_room_by_name() -> None:
    found = {
        (room_of(source), room_of(target))
        for source, target in pairs(named_in_text(FILES))
        if is_upward(source, target)
    }
    known = {(a, b): [p for p in OPENED_BY_NAME if p[0] == a and b.startswith(p[1])] for a, b in found}
    assert [pair for pair, entries in known.items() if not entries] == []
    used = {entry for entries in known.values() for entry in entries}
    assert used == set(OPENED_BY_NAME), "an entry that nothing needs"


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(IMPORTS) == []


def test_no_c_files_include_each_other_in_a_circle() -> None:
    found = includes(ROOT / "emulator")
    assert any(found.values())
    assert circles(found) == []


@pytest.mark.parametrize("header", sorted(str(h.relative_to(ROOT)) for h in ROOT.glob("emulator/**/*.h")))
def test_a_header_includes_all_that_it_uses(header: str) -> None:
    """Or its includes would not tell what it stands on."""
    command = ["cc", "-std=c11", "-fsyntax-only", "-x", "c", header]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[:400]


def test_includes_go_one_way_between_rooms() -> None:
    wrong = [
        (source, target)
        for source, target in pairs(includes(ROOT / "emulator"))
        if RANKS[f"emulator/{Path(target).parts[0]}/"] > RANKS[f"emulator/{Path(source).parts[0]}/"]
    ]
    assert wrong == []


def test_the_tree_is_the_one_in_contributing() -> None:
    blocks = re.findall(r"```text\n(emulator/.*?)\n```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.S)
    assert blocks == [tree()], "put there what `python -m tests.layout.rooms` prints"


def test_the_tree_is_small() -> None:
    lines = tree().splitlines()
    assert len(lines) <= MOST_LINES
    assert [line for line in lines if len(line) > WIDEST_LINE] == []


@pytest.mark.parametrize("thing", HOMES)
def test_the_tree_says_where_a_thing_goes(thing: str) -> None:
    assert [HOMES[thing] in line.rooms for line in LINES if thing in line.sentence] == [True]


# -- the graphs themselves ---------------------------------------------------------------------
def test_hidden_imports_are_seen_and_close_circles(tmp_path: Path) -> None:
    sources = {
        "a/__init__.py": "",
        "a/one.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a.two import Two\n",
        "a/two.py": "def f():\n    import a.three\n",
        "a/three.py": "from a import one\n",
        "a/four.py": 'NAME = "a.one:Thing"\nfrom a.three import f\n',
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    files = modules(tmp_path, ["a"])
    found = imports(files)
    assert found["a.one"] == {"a.two"} and found["a.two"] == {"a.three"} and found["a.three"] == {"a.one"}
    assert circles(found) == [["a.one", "a.three", "a.two"]]
    assert named_in_text(files)["a.four"] == {"a.one"}


def test_includes_are_seen(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "top.h").write_text('#include <stdint.h>\n#  include "deep/low.h"\n')
    (tmp_path / "deep" / "low.h").write_text('#include "../top.h"\n')
    assert circles(includes(tmp_path)) == [["deep/low.h", "top.h"]]


def _is_in(module: str, place: str) -> bool:
    path = str(FILES[module].relative_to(ROOT))
    return path == place or path.startswith(place.rstrip("/") + "/")
