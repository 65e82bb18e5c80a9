"""llvm-mca beside the model: what it is asked, what its answer is taken for, what is said without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benches.measure.explanation import Selection, explain
from benches.measure.second_opinion import ELSEWHERE, Analyser, Opinion, opinion
from emulator.cli.main import main
from emulator.errors import UsageError
from emulator.recording.blocks import CodeBlock
from emulator.recording.model import Instruction
from emulator.reporting.view import View
from tests.reporting.made import small

IMAGE = "benches/images/kws-nucleo-l4r5zi.elf"


def instruction(address: int, text: str, **costs: int) -> Instruction:
    named = {(cause.replace("_", "-"), ""): cycles for cause, cycles in costs.items()}
    return Instruction(address, 2, text, 0, "", 0, 10, named)


BLOCK = CodeBlock(
    (
        instruction(0x100, "ldr r2, [r1]", issue=10, load_use=10, flash=30),
        instruction(0x102, "adds r2, #1", issue=10),
        instruction(0x104, "bne #0x100", issue=10, branch=10),
    )
)
ANSWER = {
    "CodeRegions": [
        {
            "InstructionInfoView": {"InstructionList": [{"Latency": 2}, {"Latency": 1}]},
            "SummaryView": {"Iterations": 100, "TotalCycles": 250},
        }
    ]
}
FAKE = """#!/bin/sh
cat > asked.txt
printf '%s ' "$@" > words.txt
grep -q strange asked.txt && { echo '<stdin>:2:1: error: invalid instruction' >&2; exit 1; }
cat answer.json
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name that writes down what it is asked, and gives a saved answer."""
    program = tmp_path / "llvm-mca-19"
    program.write_text(FAKE)
    program.chmod(0o755)
    (tmp_path / "answer.json").write_text(json.dumps(ANSWER))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("benches.measure.second_opinion.PROGRAMS", ("llvm-mca-19",))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_memories_and_branches_are_not_compared() -> None:
    found = opinion(BLOCK, BLOCK.instructions[:2], ANSWER)
    assert found == Opinion(BLOCK, 2, 3.0, 2.5, {0x100: 2, 0x102: 1})
    assert found.difference_cycles == 5


def test_what_is_asked(fake: Path) -> None:
    found = Analyser("cortex-m33").judge(BLOCK)
    assert found is not None
    assert found.judged == 2
    assert (fake / "asked.txt").read_text() == ".syntax unified; ldr r2, [r1]\nadds r2, #1\n"
    assert "-mtriple=thumbv8m.main-none-eabihf -mcpu=cortex-m33" in (fake / "words.txt").read_text()


def test_what_it_does_not_know_is_left_out(fake: Path) -> None:
    strange = CodeBlock((BLOCK.instructions[0], instruction(0x102, "strange r1"), *BLOCK.instructions[2:]))
    found = Analyser("cortex-m4").judge(strange)
    assert found is not None
    assert found.judged == 1
    assert "strange" not in (fake / "asked.txt").read_text()


@pytest.mark.parametrize("text", ["{", "{}", '{"CodeRegions": [{}]}', '{"CodeRegions": 3}', ""])
def test_another_answer_is_told(fake: Path, text: str) -> None:
    (fake / "answer.json").write_text(text)
    with pytest.raises(UsageError, match="llvm-mca"):
        Analyser("cortex-m4").judge(BLOCK)


def test_without_it_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benches.measure.second_opinion.PROGRAMS", ("no-such-llvm-mca",))
    with pytest.raises(UsageError, match="not installed") as told:
        Analyser("cortex-m4")
    assert "apt-get install -y llvm-19" in told.value.next_step


def test_a_core_without_a_model_is_told(fake: Path) -> None:
    with pytest.raises(UsageError, match="no model of a cortex-m0plus"):
        Analyser("cortex-m0plus")


@pytest.mark.parametrize(
    ("text", "goes"),
    [
        ("bne #0x100", True), ("b.w #0x100", True), ("bl #0x100", True), ("bx lr", True),
        ("cbz r0, #0x10", True),
        ("pop {r4, pc}", True), ("tbb [pc, r0]", True), ("svc #0", True), ("ldr pc, [r0]", True),
        ("blx r3", True),
        ("bfi r0, r1, #2, #3", False), ("bic r0, r1", False), ("bics r0, r1", False),
        ("ldr r0, [pc, #16]", False),
        ("bfc r0, #1, #2", False), ("adds r0, #1", False), ("it ne", False), ("vldr s0, [pc, #8]", False),
    ],
)  # fmt: skip
def test_what_goes_elsewhere(text: str, goes: bool) -> None:
    assert bool(ELSEWHERE.match(text)) is goes


def test_explain_shows_it(fake: Path) -> None:
    view = View(small())
    shown = explain(view, Selection(), 2).with_second_opinion()
    differences = next(table for table in shown.tables if table.name == "second-opinion")
    assert len(differences) >= 1
    worst = [abs(value) for value in differences.column("difference")]
    assert worst == sorted(worst, reverse=True)
    block = next(table for table in shown.tables if table.name == "block")
    assert 2 in block.column("llvm_mca_latency")
    content = shown.as_json()
    assert content["blocks"][0]["table"]["columns"][-1]["key"] == "llvm_mca_latency"
    assert "second-opinion" not in [table.name for table in explain(view, Selection(), 2).tables]


@pytest.mark.usefixtures("llvm_mca")
def test_the_real_one() -> None:
    """A load that is used at once waits a cycle, to both (LLVM's Cortex-M4 has latency 2)."""
    found = Analyser("cortex-m4").judge(BLOCK)
    assert found is not None
    assert found.latencies == {0x100: 2, 0x102: 1}
    assert 2.9 < found.other < 3.1
    result = CliRunner().invoke(main, ["explain", IMAGE, "--second-opinion", "--top", "1"])
    assert result.exit_code == 0, result.output
    assert "beside llvm-mca" in result.output
