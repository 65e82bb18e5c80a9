"""Comparisons: whole differences, names matched across compilers, lines across folders."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.recording.model import Recording
from emulator.reporting.comparison import (
    as_markdown,
    compare,
    comparison_document,
    moved,
    plain_name,
    summary,
    warnings,
)
from tests.reporting.made import generated, small


def slower() -> Recording:
    """The same code of another compiler: other places, a tail, another folder, slower in one line."""
    recording = small()
    functions = list(recording.functions)
    functions[1] = replace(functions[1], address=0x08004200)
    functions[4] = replace(functions[4], name="SysTick_Handler.constprop.0.isra.1")
    code = [replace(item, file=item.file.replace("src/", "/build/src/")) for item in recording.code]
    code[3] = replace(code[3], costs={**code[3].costs, ("flash", "data"): 130})
    code[9] = replace(code[9], function=2)
    contexts = list(recording.contexts)
    contexts[1] = replace(contexts[1], self_cycles=contexts[1].self_cycles + 100)
    operators = (replace(recording.operators[0], cycles=682),)
    made = replace(
        recording, cycles=910, functions=tuple(functions), code=tuple(code), contexts=tuple(contexts),
        operators=operators, identity=replace(recording.identity, board="mps2-an386"),
    )  # fmt: skip
    made.check()
    return made


@pytest.mark.parametrize("pair", [(small(), slower()), (generated(1), generated(2)), (generated(3), small())])
def test_differences_sum_to_the_difference(pair: tuple[Recording, Recording]) -> None:
    a, b = pair
    for name, table in compare(a, b).items():
        assert sum(table.column("difference")) == b.cycles - a.cycles, name
        assert sum(value or 0 for value in table.column("a_cycles")) == a.cycles, name
        assert sum(value or 0 for value in table.column("b_cycles")) == b.cycles, name
        sizes = [abs(value) for value in table.column("difference")]
        assert sizes == sorted(sizes, reverse=True), name


def test_functions_are_matched_across_compilers() -> None:
    rows = {row["name"]: row for row in compare(small(), slower())["function"]}
    assert rows["tflite::Eval(int) [conv.cc]"]["difference"] == 100
    assert rows["tflite::Eval(int) [conv.cc]"]["why"] == "flash (data) +100"
    assert rows["SysTick_Handler"]["difference"] == 0
    gone = rows["<script>alert(1)</script>"]
    assert (gone["a_cycles"], gone["b_cycles"], gone["why"]) == (1, None, "only in A")


def test_lines_are_matched_by_the_files_name() -> None:
    first = compare(small(), slower())["line"].records()[0]
    assert (first["name"], first["difference"]) == ("support.h:8", 100)


def test_operators_are_matched_in_order() -> None:
    rows = {row["name"]: row for row in compare(small(), slower())["operator"]}
    assert rows["0 CONV_2D"]["difference"] == 100
    assert rows["1 MAX_POOL_2D"]["why"] == "only in A"
    a = small()
    conv, pool = a.operators
    three = replace(a, operators=(conv, replace(conv, index=1, cycles=20), replace(pool, index=2)))
    rows = {row["name"]: row for row in compare(a, three)["operator"]}
    assert rows["1 MAX_POOL_2D"]["difference"] == 0
    assert rows["0 CONV_2D (of B)"]["why"] == "only in B"
    assert rows["0 CONV_2D"]["difference"] == 20 - 582


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("f.isra.0", "f"),
        ("f.constprop.12.part.3", "f"),
        ("f.cold", "f"),
        ("f.llvm.1234", "f"),
        ("f(int) [clone .isra.0]", "f(int)"),
        ("operator.()", "operator.()"),
        ("a.b", "a.b"),
    ],
)
def test_tails_of_optimizers(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_the_sentence() -> None:
    a, b = small(), slower()
    told = summary(a, b, compare(a, b))
    assert told == (
        "B takes 100 cycles more than A (+12.35 %): +100 in tflite::Eval(int) [conv.cc],"
        " +100 of flash (data)."
    )
    assert "100 cycles fewer" in summary(b, a, compare(b, a))
    assert summary(a, a, compare(a, a)) == "Both take 810 cycles."
    assert warnings(a.identity, b.identity) == ["different boards: nucleo-l4r5zi and mps2-an386"]


def test_documents() -> None:
    a, b = small(), slower()
    made = comparison_document(a, b, compare(a, b))
    assert (made["schema"], made["a"]["cycles"], made["b"]["cycles"]) == (1, 810, 910)
    page = as_markdown(a, b, compare(a, b), 3)
    assert page.startswith("## B takes 100 cycles more")
    assert "| tflite::Eval(int) \\[conv.cc\\] | 582 | 682 | +100 |" in page
    assert "unofficial" in page


def test_an_object_over_two_memories_is_where_it_is_used() -> None:
    a = small()
    stack = next(item for item in a.memory if item.kind == "stack")
    rest = replace(stack, region="sram3", loads=0, stores=0, fetches=0)
    assert moved(a, replace(a, memory=(*a.memory, rest))) == []


def test_what_moved_to_another_memory_is_one_line() -> None:
    a = small()
    stack = replace(a.memory[2], region="sram2", data_stall_cycles=24)
    b = replace(a, memory=(*a.memory[:2], stack))
    assert moved(a, b) == ["stack main stack moved from sram1 to sram2: +24 stall cycles"]
    assert moved(a, a) == []
    rows = {row["name"]: row["difference"] for row in compare(a, b)["memory"]}
    assert rows["stack main stack"] == 24
    assert rows["(not stalled by a memory)"] == -24
    assert "moved from sram1 to sram2" in as_markdown(a, b, compare(a, b), 5)
