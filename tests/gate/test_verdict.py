"""What closes the gate, what does not, and what could not be checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from figures_by_hand import figures, specification, verdict_of

from benches.gate.baseline import Before, read_baseline, write_baseline
from benches.gate.verdict import Change, State, judge, part_words, words_of
from emulator.errors import UsageError
from emulator.files import OutputFile
from emulator.reporting.figures import Place

BEFORE = {"cycles": 1000, "instructions": 800, "stack": 64}


@pytest.mark.parametrize(
    ("now", "limits", "state", "code"),
    [
        ({}, "", State.SAME, 0),
        ({"cycles": 999}, "", State.BETTER, 0),
        ({"cycles": 1001}, "", State.WORSE, 1),
        ({"cycles": 1010}, 'limits.cycles = { soft = "1 %" }', State.WITHIN, 0),
        ({"cycles": 1011}, 'limits.cycles = { soft = "1 %" }', State.WORSE, 1),
        ({"cycles": 5000}, 'limits.cycles = { soft = "off" }', State.UNJUDGED, 0),
        ({"cycles": 5000}, 'limits.cycles = { soft = "off", hard = 4999 }', State.OVER, 1),
        ({"cycles": 900}, "limits.cycles = { hard = 899 }", State.OVER, 1),
    ],
)
def test_cycles(tmp_path: Path, now: dict[str, int], limits: str, state: State, code: int) -> None:
    verdict = verdict_of(tmp_path, BEFORE | now, BEFORE, limits)
    assert {item.figure: item.state for item in verdict.measurements[0].judged}["cycles"] is state
    assert verdict.exit_code == code


def test_other_models_say_so_and_do_not_fail(tmp_path: Path) -> None:
    now = {"cycles": 2000, "instructions": 800, "stack": 64, "latency:SysTick": 40}
    verdict = verdict_of(tmp_path, now, BEFORE | {"latency:SysTick": 12}, made_by="other models")
    states = {item.figure: item.state for item in verdict.measurements[0].judged}
    assert states == {
        "cycles": State.OTHER_MODELS,
        "latency:SysTick": State.OTHER_MODELS,
        "instructions": State.SAME,
        "stack": State.SAME,
    }
    assert verdict.exit_code == 0
    assert "other models" in verdict.measurements[0].notes[0]
    assert not verdict.measurements[0].changes
    worse = verdict_of(tmp_path, now | {"instructions": 801}, BEFORE, made_by="other models")
    assert worse.exit_code == 1, "instructions depend on no model"
    over = verdict_of(tmp_path, now, BEFORE, "limits.cycles = { hard = 1999 }", made_by="other models")
    assert over.exit_code == 1, "a hard limit holds whatever the baseline says"


def test_without_a_baseline_nothing_passes(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, BEFORE, None)
    assert {item.state for item in verdict.measurements[0].judged} == {State.NEW}
    assert verdict.exit_code == 2


def test_a_figure_that_is_no_longer_found(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, {"cycles": 1000, "instructions": 800}, BEFORE)
    assert verdict.exit_code == 2
    assert words_of(verdict.measurements[0].unchecked[0]) == "stack not found bytes, was 64, no longer found"


def test_what_could_not_be_measured(tmp_path: Path) -> None:
    verdict = judge(specification(tmp_path), {}, {"app": "no such file"}, {"app": Before("", BEFORE)})
    assert verdict.measurements[0].problem == "no such file"
    assert verdict.exit_code == 2


def test_a_named_part_has_a_limit(tmp_path: Path) -> None:
    before = BEFORE | {"cause:load-use": 100, "function:f": 500}
    now = BEFORE | {"cause:load-use": 130, "function:f": 470}
    assert verdict_of(tmp_path, now, before).exit_code == 0, "parts are not judged unless they are named"
    assert verdict_of(tmp_path, now, before, 'limits."cause:load-use" = {}').exit_code == 1
    assert verdict_of(tmp_path, BEFORE, before, 'limits."cause:load-use" = {}').exit_code == 0, "it is gone"
    grew = BEFORE | {"cause:load-use": 2}
    assert verdict_of(tmp_path, grew, BEFORE, 'limits."cause:load-use" = { soft = "9 %" }').exit_code == 1


def test_where_a_change_is(tmp_path: Path) -> None:
    before = {
        "cycles": 1000,
        "function:f": 600,
        "function:g": 300,
        "cause:branch": 50,
        "operator:0 CONV_2D": 9,
    }
    now = {"cycles": 1200, "function:f": 850, "function:g": 250, "cause:branch": 90, "operator:0 CONV_2D": 9}
    changes = (
        verdict_of(tmp_path, now, before, places={"function:f": Place("f.c", 7)}).measurements[0].changes
    )
    assert changes == (
        Change("function:f", 250, Place("f.c", 7)),
        Change("function:g", -50),
        Change("cause:branch", 40),
    )
    assert part_words(changes[0]) == "+250 in function f (f.c:7)"


# -- the baseline's text ------------------------------------------------------------------
def test_a_baseline_is_sorted_text_and_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "boardless.baseline"
    values = {"cycles": 12, "function:ns::f(int) = [x]": 3, "cause:load-use": 4}
    kept = {"old": Before("m", {"cycles": 5}), "gone": Before("m", {"cycles": 6})}
    write_baseline(OutputFile(file), {"app": figures(values)}, kept, ["old", "app"])
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    assert lines == [
        "app.made_by = nucleo-l4r5zi, memory, models 1, board 2",
        "app.cause:load-use = 4",
        "app.cycles = 12",
        "app.function:ns::f(int) = [x] = 3",
        "old.made_by = m",
        "old.cycles = 5",
    ]
    assert "Simulated and unofficial" in file.read_text()
    found = read_baseline(file)
    assert found == {"app": Before("nucleo-l4r5zi, memory, models 1, board 2", values), "old": kept["old"]}


@pytest.mark.parametrize(
    "line", ["app.cycles 12", "cycles = 12", "app. = 1", "app.cycles = many", "app.cycles = -3"]
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "boardless.baseline"
    file.write_text(f"# head\n\n{line}\n")
    with pytest.raises(UsageError, match="line 3"):
        read_baseline(file)


def test_no_file_is_no_baseline(tmp_path: Path) -> None:
    assert read_baseline(tmp_path / "none") == {}
