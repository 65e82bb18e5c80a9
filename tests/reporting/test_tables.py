"""Every table's rows sum to the recording's cycles; names, patterns, loops, notes are right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.errors import UsageError
from emulator.recording.model import NO_INDEX
from emulator.reporting.advice import advice_for
from emulator.reporting.annotation import annotated
from emulator.reporting.causes import by_cause
from emulator.reporting.costs import by_function, by_instruction, by_line, by_path, neighbours, tree
from emulator.reporting.loops import find_loops, hottest_loops
from emulator.reporting.memories import by_memory, by_region, caches, high_water
from emulator.reporting.operators import by_kind, by_operator
from emulator.reporting.questions import QUESTIONS, document, recording_tables
from emulator.reporting.roofline import PEAKS, moved_bytes, roof_of
from emulator.reporting.view import View
from emulator.timing.cores.registry import MODELS
from emulator.timing.model import Cause
from tests.reporting.made import generated, real, small

RECORDINGS = {"small": small(), **{f"generated {seed}": generated(seed) for seed in range(6)}}
RECORDINGS["real"] = real()
RECORDINGS["no tree"] = replace(small(), contexts=())


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("question", [q for q in QUESTIONS if q != "memory"])
def test_rows_sum_to_the_windows_cycles(name: str, question: str) -> None:
    recording = RECORDINGS[name]
    table = QUESTIONS[question](View(recording))
    assert sum(table.column("cycles")) == recording.cycles
    assert sum(table.column("share")) == pytest.approx(1)
    keys = [column.key for column in table.columns]
    assert table.total[keys.index("cycles")] == recording.cycles


@pytest.mark.parametrize("name", RECORDINGS)
def test_inlined_functions_take_nothing_away(name: str) -> None:
    recording = RECORDINGS[name]
    table = by_function(View(recording), inlined=True)
    assert sum(table.column("cycles")) == recording.cycles
    inlined = {frames[-1].function for frames in (item.inlined for item in recording.code) if frames}
    view = View(recording)
    assert {view.name(index) for index in inlined} <= set(table.column("function"))


def test_memory_is_the_stalls_and_the_rest() -> None:
    view = View(small())
    for table in (by_memory(view), by_region(view)):
        assert sum(table.column("share")) == pytest.approx(1)
        stalls = [row["data_stall_cycles"] for row in table.records()]
        assert sum(value or 0 for value in stalls) == 30
    assert high_water(view).column("path") == ["reset: main > tflite::Eval(int) [conv.cc]", ""]
    assert caches(view).column("misses") == [11]


def test_two_functions_of_one_name_are_two_rows() -> None:
    table = by_function(View(small()))
    rows = {row["function"]: row for row in table}
    one, other = rows["tflite::Eval(int) [conv.cc]"], rows["tflite::Eval(int) [pool.cc]"]
    assert (one["cycles"], one["calls"], one["inclusive_cycles"]) == (582, 2, 582)
    assert (other["cycles"], other["calls"]) == (6, 1)
    assert rows["main"]["inclusive_cycles"] == 741
    assert rows["main"]["cycles"] == 12
    assert rows["(asleep)"]["cycles"] == 40
    assert one["stalls"].startswith("branch 34.4 %, load-use 8.6 %")


def test_recursion_counts_once() -> None:
    recording = generated(2)
    view = View(recording)
    for figures in view.functions:
        assert 0 <= figures.inclusive_cycles <= recording.cycles
    roots = [n for n, context in enumerate(view.contexts) if context.parent == NO_INDEX]
    assert sum(view.inclusive[n].cycles for n in roots) == recording.cycles


def test_a_circle_of_callers_is_damage() -> None:
    first, second, *rest = small().contexts
    circle = replace(small(), contexts=(first, replace(second, parent=1), *rest))
    with pytest.raises(UsageError, match="damaged"):
        by_path(View(circle))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("main", ["main"]),
        ("_ZN6tflite4EvalEi", ["tflite::Eval(int) [conv.cc]", "tflite::Eval(int) [pool.cc]"]),
        ("tflite::Eval(int) [pool.cc]", ["tflite::Eval(int) [pool.cc]"]),
        ("0x08000200", ["tflite::Eval(int) [conv.cc]"]),
        ("0x08000206", ["tflite::Eval(int) [conv.cc]"]),
        ("*_Handler", ["SysTick_Handler"]),
        ("systick", ["SysTick_Handler"]),
    ],
)
def test_functions_are_found(pattern: str, found: list[str]) -> None:
    view = View(small())
    assert [view.name(index) for index in view.find(pattern)] == found


def test_a_function_that_did_not_run_is_told_with_some_that_did() -> None:
    with pytest.raises(UsageError, match="no function 'nothing' ran") as told:
        View(small()).find("nothing")
    assert "tflite::Eval(int) [conv.cc]" in told.value.next_step


def test_callers_and_callees() -> None:
    view = View(small())
    (row,) = neighbours(view, view.find("0x08000200"), callers=True)
    assert (row["caller"], row["call_site"], row["place"], row["calls"]) == (
        "main",
        0x08000100,
        "main.c:4",
        2,
    )
    callees = neighbours(view, view.find("main"), callers=False)
    assert callees.column("inclusive_cycles") == [582, 6, 1]
    assert tree(view).column("depth") == [0, 1, 1, 1, 0]
    assert "3 branches" in tree(view, 0.05).notes[0] or "2 branches" in tree(view, 0.05).notes[0]


def test_a_line_of_an_inlined_function_is_that_functions() -> None:
    rows = {row["place"]: row for row in by_line(View(small()))}
    assert rows["support.h:8"]["function"] == "arm_nn_read_s8x4"
    assert rows["support.h:8"]["cycles"] == 180
    assert rows["conv.cc:12"]["source"] == "sum += a * b; // </script>"


def test_the_loop() -> None:
    (loop,) = find_loops(View(small()))
    assert (loop.loop.header, max(loop.loop.addresses)) == (0x08000200, 0x08000206)
    assert (loop.turns, loop.own_cycles) == (100, 576)
    (row,) = hottest_loops(View(small()))
    assert row["cycles_a_turn"] == pytest.approx(5.76)


def test_a_loop_inside_a_loop_has_its_own_cycles() -> None:
    recording = small()
    outer = replace(recording.jumps[0], source=0x08000208, target=0x08000200)
    inner = replace(recording.jumps[0], source=0x08000206, target=0x08000202)
    loops = find_loops(View(replace(recording, jumps=(outer, inner))))
    assert [(loop.loop.header, loop.own_cycles) for loop in loops] == [(0x08000202, 396), (0x08000200, 186)]


def test_annotated_source_stands_at_its_first_instruction() -> None:
    view = View(small())
    table = annotated(view, 1)
    assert table.column("address") == [0x08000200, 0x08000202, 0x08000206, 0x08000208]
    assert table.column("source")[1] == "conv.cc:12 sum += a * b; // </script>"
    assert table.column("stalls")[0] == "load-use 0.50, flash (data) 0.30"
    assert sum(table.column("cycles")) == 582
    short = annotated(view, 1, 2)
    assert short.column("address") == [0x08000200, 0x08000206]
    assert short.notes[0] == "2 instructions with fewer cycles are left out."
    assert short.total == table.total


def test_operators_and_their_roof() -> None:
    view = View(small())
    first, second, rest = by_operator(view).records()
    assert first["macs_per_cycle"] == pytest.approx(400 / 582)
    assert first["macs_per_byte"] == pytest.approx(2.5)
    assert first["roof_share"] == pytest.approx(400 / 582 / 2)
    assert (second["macs"], second["function"]) == (None, "tflite::Eval(int) [pool.cc]")
    assert rest["cycles"] == 810 - 588
    assert sum(by_kind(view).column("cycles")) == 810
    low = replace(small().operators[0], weight_bytes=4000)
    row = by_operator(View(replace(small(), operators=(low,)))).records()[0]
    assert row["roof_share"] == pytest.approx(400 / 582 / (400 / 4096 * 4))


def test_the_roof_of_the_memories() -> None:
    """Weights in flash that brings 8 bytes in 6 cycles: 4096 bytes take 3072 cycles, the MACs 256."""
    region = {"name": "flash", "base": 0x08000000, "size_bytes": 0x1000, "alias_of": "", "accelerator": "art",
              "wait_states": 0}  # fmt: skip
    ram = {**region, "name": "sram", "base": 0x20000000, "accelerator": "", "wait_states": 1}
    art = {"name": "art", "parameters": {"read_bytes": 8, "wait_states": 5}}
    facts = {"regions": [region, ram], "accelerators": [art]}
    tensors = [
        ["1", "int8", 4096, True, 0x08000000],
        ["1", "int8", 100, False, 0x20000010],
        ["1", "int8", 1, False, 0],
    ]
    operator = replace(small().operators[0], macs=512, cycles=6400, facts={"tensors": tensors})
    identity = replace(small().identity, board_facts=facts)
    view = View(replace(small(), identity=identity, operators=(operator,)))
    assert moved_bytes(view, operator) == {"flash": 4096, "sram": 100, "elsewhere": 1}
    roof = roof_of(view, operator)
    assert roof.roof == pytest.approx(512 / (4096 * 6 / 8 + 100 * 2 / 4 + 1 / 4))
    assert by_operator(view).records()[0]["moved"] == "flash 4,096, sram 100, elsewhere 1"


def test_every_core_has_a_peak_with_a_source() -> None:
    assert set(PEAKS) == set(MODELS)
    assert all(peak.source for peak in PEAKS.values())


def test_every_cause_has_advice() -> None:
    for cause in Cause:
        assert advice_for(cause.value) or advice_for(f"{cause.value} (data)"), cause
    assert advice_for("flash (data)") != advice_for("flash (fetch)")
    for row in by_cause(View(small())):
        assert row["advice"] or row["cause"].startswith("(")


def test_top_says_what_it_leaves_out() -> None:
    table = by_instruction(View(small()))
    short = table.top(2)
    assert len(short) == 2
    assert short.total == table.total
    assert short.notes[0] == f"{len(table) - 2} more rows; the last line sums them all."
    assert table.top(1000) is table


def test_forms() -> None:
    table = by_function(View(small()))
    frame = table.to_pandas()
    assert frame["cycles"].sum() == 810
    assert list(frame.columns) == [column.key for column in table.columns]
    html = table._repr_html_()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>" not in html
    assert "\\<script\\>alert(1)\\</script\\>" in table.as_markdown()
    with pytest.raises(UsageError, match="no column 'cycle'"):
        table.column("cycle")


def test_the_document() -> None:
    tables = recording_tables(small())
    assert set(QUESTIONS) < set(tables)
    made = document(View(small()), list(tables.values()))
    assert made["schema"] == 1
    assert made["cycles"] == 810
    assert "unofficial" in made["note"]
    rows = made["tables"]["function"]["rows"]
    assert sum(row[5] for row in rows) == 810
