import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from benches.speed import convolution, idle, vectors
from benches.speed.__main__ import main
from benches.speed.fresh_process import in_fresh_process, most_resident_mb
from benches.speed.inference import shipped_firmware
from benches.speed.measure import convolution_emulated, convolution_plain
from benches.speed.protection import SETUPS, inference_protected
from benches.speed.recording import WAYS, inference_recorded, recording_cost
from benches.speed.rows import PLAIN, TIMINGS, Goal, Speed, depth_rows, row
from benches.speed.serial import serial_cost
from benches.speed.subjects import shipped_subjects
from benches.speed.whole_inference import EmulatedInference, PlainInference, inference_function

CHARACTERS_A_BYTE = 2 + (len("db %") + len("m-ready..")) / 31
SPEED_ROOM = Path(convolution.__file__).parent
TINY = ("--repeat", "1", "--repetitions", "1", "--turn", "0.001", "--idle", "2", "--percent", "1")


@pytest.mark.parametrize(
    ("name", "code"), [("convolution", convolution.CODE), ("idle", idle.CODE)], ids=["convolution", "idle"]
)
def test_committed_bytes_are_the_assembly(name, code, tmp_path):
    built, binary = tmp_path / "built.o", tmp_path / "built.bin"
    source = SPEED_ROOM / f"{name}.s"
    subprocess.run(["arm-none-eabi-as", "-mcpu=cortex-m4", "-mthumb", "-o", built, source], check=True)
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", built, binary], check=True)
    assert binary.read_bytes() == code


@pytest.mark.parametrize("timing", ["count", "core", "memory"])
def test_kernel_has_the_instructions_that_its_formula_says(timing):
    speed = convolution_emulated("nucleo-l4r5zi", timing, "auto", 3)  # checks the count itself
    assert speed.instructions >= convolution.instructions(3)
    assert speed.cycles > speed.instructions / 2


def test_committed_vector_kernels_are_the_assembly(tmp_path):
    built, binary = tmp_path / "built.o", tmp_path / "built.bin"
    march = ["-march=armv8.1-m.main+mve", "-mthumb"]
    subprocess.run(["arm-none-eabi-as", *march, "-o", built, SPEED_ROOM / "vectors.s"], check=True)
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", built, binary], check=True)
    assert binary.read_bytes() == vectors.CODE


@pytest.mark.parametrize("kernel", vectors.REPETITION)
def test_a_vector_kernel_has_the_instructions_that_its_formula_says(kernel):
    speed = vectors.emulated(kernel, "memory", 3)  # checks the count itself
    assert speed.cycles > speed.instructions / 2


def test_plain_unicorn_reaches_the_kernels_end():
    assert convolution_plain("nucleo-l4r5zi", 3).host_s > 0


def test_regions_cost_no_cycles():
    """Their cost in host time is the bench's to show; figures are those without an MPU."""
    firmware = shipped_firmware("nucleo-l4r5zi")
    off, *others = (inference_protected(firmware, "memory", "auto", 1, setup) for setup in SETUPS)
    assert len(others) == 3
    assert {(speed.instructions, speed.cycles) for speed in others} == {(off.instructions, off.cycles)}


def test_recording_costs_no_cycles():
    """Its cost in host time is the bench's to show; figures are those without."""
    firmware = shipped_firmware("nucleo-l4r5zi")
    off, *others = (inference_recorded(firmware, "auto", 1, way) for way in WAYS)
    assert len(others) == 2
    assert {(speed.instructions, speed.cycles) for speed in others} == {(off.instructions, off.cycles)}
    subject = next(subject for subject in shipped_subjects("nucleo-l4r5zi") if subject.title == "ad")
    cost = recording_cost(subject, "auto")
    assert cost.made_s > 0 and cost.table_s > 0 and cost.written_s > 0 and cost.file_bytes > 10_000
    assert cost.beyond_s == pytest.approx(cost.run_s + cost.made_s + cost.table_s)


def test_serial_input_costs_less_with_waiting_skipped():
    cost = serial_cost(shipped_firmware("nucleo-l4r5zi"), "auto", 1)
    assert 0 < cost.host_s < cost.every_turn_s
    assert cost.board_s == pytest.approx(CHARACTERS_A_BYTE * 10 / 115_200, rel=0.1)


def test_goals_are_of_the_value_or_of_its_ratio():
    assert row("it", "MIPS", 9, 10, Goal(0.9, least=True)).holds is True
    slow = row("it", "MIPS", 8, 10, Goal(0.9, least=True))
    assert (slow.ratio, slow.goal, slow.holds) == (0.8, "ratio >= 0.9", False)
    late = row("it", "s", 0.2, 0.1, Goal(0.1, of_ratio=False))
    assert (late.ratio, late.goal, late.holds) == (2, "value <= 0.1", False)
    assert row("it", "s", 0.2, goal=Goal(1)).holds is False  # nothing to compare with
    assert row("it", "s", 0.2).holds is None


def test_rows_hold_medians_of_turns():
    speeds = {way: [Speed(way, 1_000_000, s) for s in (5, 1, 2)] for way in (PLAIN, *TIMINGS)}
    assert {(item.value, item.reference, item.ratio) for item in depth_rows("it", speeds)} == {(0.5, 0.5, 1)}


def test_the_inference_is_found_by_its_calls_and_the_same_code_runs_in_every_way():
    subject = next(subject for subject in shipped_subjects("nucleo-l4r5zi") if subject.title == "ad")
    function = inference_function(subject, "auto")
    emulated = EmulatedInference(subject, function, "memory", "auto")
    assert function == emulated.machine.symbol("network_run").address & ~1
    first = emulated.one()
    both = emulated.turn(2, 2 * (first.cycles or 0))
    assert 2 * first.instructions == pytest.approx(both.instructions, rel=0.01)
    assert both.cycles == pytest.approx(2 * (first.cycles or 0), rel=0.001)
    plain = PlainInference(subject, function, "auto").turn(3)
    assert plain.instructions == 3 * first.instructions
    assert plain.host_s > 0 and plain.cycles is None


def test_idling_wakes_ten_times_a_second():
    cost = idle.idle_cost("nucleo-l4r5zi", "auto", 8)
    assert cost.interrupts == 80 - 1  # the last one comes at the very end
    assert cost.host_s > 0 and cost.grown_mb >= 0


@pytest.mark.parametrize("only", ["accuracy", "convolution", "idle", "start"])
def test_the_report_is_a_list_of_rows_beside_their_references(only, tmp_path):
    report = tmp_path / "speed.json"
    result = CliRunner().invoke(main, [*TINY, "--only", only, "--json", str(report)])
    assert result.exit_code == 0, result.output
    rows = json.loads(report.read_text())
    assert {tuple(item) for item in rows} == {
        ("what", "unit", "value", "reference", "ratio", "goal", "holds")
    }
    for item in rows:
        assert item["value"] >= 0
        assert (item["holds"] is None) == (item["goal"] == "")
        assert item["what"] in result.output
    assert sum(item["holds"] is not None for item in rows) >= 2


def test_a_fresh_process_has_its_own_memory_alone() -> None:
    ballast = bytearray(b"\1") * 300_000_000
    assert most_resident_mb() > 300
    assert in_fresh_process(most_resident_mb) < 200
    assert len(ballast) == 300_000_000
