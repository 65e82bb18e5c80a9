"""Every kind of figure, measured for real, beside what it must be; limits of each kind close the gate."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from every_kind import DATA, SPECIFICATION, build_all

from boardless import Machine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, cross_tools: None) -> Path:
    return build_all(tmp_path_factory.mktemp("kinds"))


def check(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Its exit code, and the values by measurement."""
    done = subprocess.run(
        [sys.executable, "-m", "boardless", "check", *options, "--jobs", "1", "--json", "all.json"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    document = json.loads((folder / "all.json").read_text()) if (folder / "all.json").exists() else {}
    assert document, done.stderr
    return done.returncode, document["measurements"]


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, dict[str, int]]:
    code, measurements = check(folder, "--update")
    assert code == 0, measurements
    return {name: each["values"] for name, each in measurements.items()}


def at_main(folder: Path) -> Machine:
    machine = Machine("virtual-m4")
    machine.load(folder / "app.elf")
    machine.run_to(machine.symbol("main").address)
    return machine


def test_calls_take_what_they_take_alone(folder: Path, found: dict[str, dict[str, int]]) -> None:
    machine = at_main(folder)
    counts = machine.call("crc", DATA, len(DATA)).counts
    assert (found["crc"]["cycles"], found["crc"]["instructions"]) == (counts.cycles, counts.instructions)
    assert int.from_bytes(machine.read_memory(machine.symbol("seen").address, 4), "little") == zlib.crc32(
        DATA
    )


def test_the_stack_is_frames(folder: Path, found: dict[str, dict[str, int]]) -> None:
    machine, pointers = at_main(folder), []
    for _ in range(2):
        machine.run_to(machine.symbol("deep").address)
        pointers.append(machine.registers()["sp"])
        machine.run(max_cycles=8)
    frame = pointers[0] - pointers[1]
    assert frame > 64
    assert found["deeper"]["stack"] - found["shallow"]["stack"] == 2 * frame


def test_heap_and_arena(found: dict[str, dict[str, int]]) -> None:
    assert found["whole"]["heap"] == 40 + 24
    assert found["network"]["arena"] == 96 + 112


def test_bytes_of_the_image(folder: Path, found: dict[str, dict[str, int]]) -> None:
    done = subprocess.run(
        ["arm-none-eabi-size", "-A", "app.elf"], cwd=folder, capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith(".")]
    sizes = {row[0]: int(row[1]) for row in rows}
    assert found["whole"]["flash"] == sizes[".vectors"] + sizes[".text"]
    assert found["whole"]["ram"] == sizes[".data"]


def test_interrupts_are_as_late_as_a_cortex_m4s(found: dict[str, dict[str, int]]) -> None:
    """12 cycles of entry without wait states, and what was left of the block that ran."""
    assert 12 <= found["whole"]["latency:SysTick"] <= 12 + 30
    assert "latency:SysTick" not in found["crc"]


def test_stretches(found: dict[str, dict[str, int]]) -> None:
    assert 20_000 <= found["stretch"]["cycles"] < 20_100
    assert found["first_call"]["cycles"] < found["whole"]["cycles"]
    assert found["first_call"]["function:work"] > found["whole"]["function:work"], (
        "begun before the text left"
    )


@pytest.mark.parametrize("name", ["whole", "first_call", "crc", "network"])
def test_causes_and_functions_are_the_cycles(found: dict[str, dict[str, int]], name: str) -> None:
    """But for what is below a thousandth and has no line."""
    values = found[name]
    outside = sum(values[key] for key in values if key.startswith("outside:"))
    for kind in ("cause:", "function:"):
        parts = [values[key] for key in values if key.startswith(kind)]
        assert 0.99 * values["cycles"] <= sum(parts) + outside <= values["cycles"]


def test_operators(found: dict[str, dict[str, int]]) -> None:
    operators = {key: value for key, value in found["network"].items() if key.startswith("operator:")}
    assert {"operator:0 CONV_2D", "operator:1 FULLY_CONNECTED"} <= set(operators)
    assert operators["operator:0 CONV_2D"] > 2 * operators["operator:1 FULLY_CONNECTED"]


def test_a_limit_of_each_kind_closes_the_gate(folder: Path, found: dict[str, dict[str, int]]) -> None:
    """Just where it should: a hard limit that is met is well, one that is one lower is not."""
    kinds = {
        "whole": ("cycles", "instructions", "stack", "heap", "flash", "ram", "latency:SysTick",
                  "cause:divide", "cause:issue", "function:work"),
        "network": ("arena", "operator:0 CONV_2D"),
    }  # fmt: skip
    for lower, code in ((0, 0), (1, 1)):
        text = SPECIFICATION
        for name, figures in kinds.items():
            limits = [f'limits."{f}" = {{ hard = {found[name][f] - lower} }}\n' for f in figures]
            text = text.replace(f"[measure.{name}]\n", f"[measure.{name}]\n{''.join(limits)}")
        (folder / "limits.toml").write_text(text)
        returned, measurements = check(folder, "limits.toml", "--only", "whole", "--only", "network")
        assert returned == code
        over = {
            n: {f["figure"] for f in m["figures"] if f["state"] == "over"} for n, m in measurements.items()
        }
        assert over == {name: set(figures) if lower else set() for name, figures in kinds.items()}


def test_a_soft_limit_of_a_part(folder: Path, found: dict[str, dict[str, int]]) -> None:
    """What is no headline is judged where a limit names it."""
    before = (folder / "boardless.baseline").read_text()
    part = f"whole.function:work = {found['whole']['function:work']}"
    less = f"whole.function:work = {found['whole']['function:work'] * 10 // 11}"
    assert part in before
    (folder / "less.baseline").write_text(before.replace(part, less))
    for limits, code in (("", 0), ('soft = "5 %"', 1), ('soft = "11 %"', 0)):
        line = f'limits."function:work" = {{ {limits} }}\n' if limits else ""
        text = SPECIFICATION.replace("[measure.whole]\n", f"[measure.whole]\n{line}")
        (folder / "parts.toml").write_text(text)
        returned, _ = check(folder, "parts.toml", "--only", "whole", "--baseline", "less.baseline")
        assert returned == code, limits


def test_every_argument_arrives(folder: Path) -> None:
    (folder / "arguments.toml").write_text(
        '[measure.five]\nimage = "app.elf"\nboard = "virtual-m4"\ncall = "five"\n'
        'arguments = [1, 2.5, { int64 = 0x300000000 }, { symbol = "table" }, "ab"]\n'
        "[measure.too_large]\nimage = 'app.elf'\nboard = 'virtual-m4'\ncall = 'five'\n"
        "arguments = [{ uint64 = -1 }]\n"
    )
    code, measurements = check(folder, "arguments.toml", "--update", "--baseline", "arguments.baseline")
    assert code == 2
    assert measurements["five"]["title"] == "five(1, 2.5, 12884901888, table, 'ab'), called"
    assert "-1 does not fit into uint64" in measurements["too_large"]["problem"]
