"""The native hook's files lie beside their Python twins, hold the same things, and include one way."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

EMULATOR = Path(__file__).parents[2] / "emulator"
C_FILES = sorted(path for path in EMULATOR.rglob("*") if path.suffix in (".c", ".h"))
NATIVE_ALONE = {
    "all_hits.h",
    "banks.h",
    "costs.h",
    "homes.h",
    "laps.h",
    "memory_changes.h",
    "short_program.h",
}
"""Short cuts, equal in their figures to what they shorten."""
BY_FIGURES = {
    "answers.h",
    "armv7m.h",
    "cortex_m33.h",
    "cortex_m7.h",
    "cortex_m7_pairing.h",
    "cortex_m7_slides.h",
    "decoded.h",
    "families.h",
    "fetch_queue.h",
    "graph.h",
    "line.h",
    "planner.h",
    "pricer.h",
    "scoreboard.h",
    "step.h",
    "survey.h",
    "symbolic.h",
}
"""They plan and price from a book that Python fills in, and are held to Python by test_native_pricer.py and
test_native_answers.py."""
BESIDE_UNICORN = {
    "data_rights.h",
    "elements.h",
    "execute.h",
    "floats.h",
    "halves.h",
    "interpret.h",
    "interpreted_core.h",
    "interpreted_loops.h",
    "interpreted_memory.h",
    "lanes.h",
    "numbers.h",
    "wide.h",
}
"""What runs Armv8.1-M: a core with MVE has no Python hook."""
PREFIX = re.compile(
    r"^(_|cache_|port_|alignment_|memory_|predictor_|addresses_|tables_|contexts_|footprint_|bl_)"
)
"""What C puts before a name where Python has a class."""
ELSEWHERE = {
    "exceptions.h": "system/exceptions.py",
    "run.h": "machine/slices.py",
    "register_reads.h": "bus/register_access.py",
    "input.h": "machine/lending.py",
    "output.h": "machine/output_lending.py",
    "tick.h": "machine/tick_lending.py",
}
"""They stand on the block hook, their twins on much more."""
ROOMS = [
    "thumb",
    "timing/memory",
    "timing/cores",
    "timing",
    "system",
    "engine",
    "engine/vector",
    "engine/hooks",
]
"""From the bottom up."""
IN_C_ALONE = {
    "cache.h": {"free", "settle", "use_late", "oldest"},
    "memory_system.h": {"init", "free", "holds", "region_near", "data_hit", "move_part", "move_state"},
    "divider.h": {"bit_length"},
    "branch_predictor.h": {"is_sure"},
    "footprint.h": {"free", "flush", "move", "of_event"},
    "pricing.h": {"data_place", "charge_changes"},
}
"""What Python's objects do by themselves, and short cuts."""
IN_PYTHON_ALONE = {"branch_predictor.h": {"save", "load"}, "memory_system.h": {"misses"}}


def name(path: Path) -> str:
    return str(path.relative_to(EMULATOR))


def in_c(path: Path) -> list[str]:
    """Functions in their order, without the prefix that stands for a class."""
    found = re.findall(r"^(?:static|EXPORT)[^;={]*?(\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    return [PREFIX.sub("", function) for function in found]


def in_python(path: Path) -> list[str]:
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        found += [part.name for part in inside if isinstance(part, ast.FunctionDef)]
    return [PREFIX.sub("", function) for function in found if not function.startswith("__")]


def included(path: Path) -> list[Path]:
    found = re.findall(r'^#include "([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
    return [(path.parent / other).resolve() for other in found]


def room(path: Path) -> int:
    return ROOMS.index(name(path.parent))


def twin_of(path: Path) -> Path:
    elsewhere = ELSEWHERE.get(path.name)
    return path.with_suffix(".py") if elsewhere is None else EMULATOR / elsewhere


TWINS = [path for path in C_FILES if path.name not in NATIVE_ALONE | BY_FIGURES | BESIDE_UNICORN]


@pytest.mark.parametrize("path", TWINS, ids=name)
def test_each_names_the_other(path: Path) -> None:
    twin = twin_of(path)
    assert twin.exists(), "a C file lies beside the Python file that it repeats"
    assert twin.name in path.read_text(encoding="utf-8").split("*/")[0]
    assert path.name in (ast.get_docstring(ast.parse(twin.read_text(encoding="utf-8"))) or "")


@pytest.mark.parametrize("path", TWINS, ids=name)
def test_what_both_have_has_one_order(path: Path) -> None:
    native, python = in_c(path), in_python(twin_of(path))
    assert [f for f in native if f in python] == [f for f in python if f in native]


@pytest.mark.parametrize("path", [path for path in TWINS if room(path) < ROOMS.index("system")], ids=name)
def test_rules_are_the_same_functions(path: Path) -> None:
    native = set(in_c(path)) - IN_C_ALONE.get(path.name, set())
    assert native
    assert native == set(in_python(path.with_suffix(".py"))) - IN_PYTHON_ALONE.get(path.name, set())


def test_includes_go_down() -> None:
    upward = [
        f"{name(path)} includes {name(other)}"
        for path in C_FILES
        for other in included(path)
        if room(other) > room(path)
    ]
    assert upward == []
