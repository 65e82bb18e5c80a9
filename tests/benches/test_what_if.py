"""``boardless bench --what-if`` and ``--clock``."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from benches.cli.bench import bench
from benches.cli.bench_run import BenchOptions, run_bench
from benches.measure.what_if import RERUN, STORED, Figures, at_clock, compare, parse_changes, parse_hertz
from benches.silicon.validate import synthetic_input
from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING
from emulator import Machine
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.profiling import CycleStack
from emulator.timing.model import Cause

BOARD = load_board("nucleo-l4r5zi")


def make(board):
    machine = Machine(board)
    machine.load(shipped.image_for(KEYWORD_SPOTTING, "nucleo-l4r5zi"))
    return machine


def figures_of(*texts, clock_hz=None):
    return compare(make, BOARD, synthetic_input(KEYWORD_SPOTTING), parse_changes(texts, BOARD), clock_hz)


@pytest.mark.parametrize(
    ("text", "pins"),
    [
        ("flash.wait_states=2", {"flash": {"wait_states": 2}}),
        ("icache.size=8K", {"flash": {"instruction_lines": 256}}),
        ("dcache.size = 64", {"flash": {"data_lines": 2}}),
        ("icache.enabled=off", {"flash": {"instruction_cache": 0}}),
    ],
)
def test_what_a_user_may_write(text, pins):
    assert parse_changes((text,), BOARD).pins == pins


def test_memories_without_accelerator_and_core_parameters_change_the_board():
    board = parse_changes(("sram1.wait_states=1",), BOARD).board
    assert next(r for r in board.regions if r.name == "sram1").wait_states == 1
    assert parse_changes(("core.multiplier=32",), load_board("virtual-m0plus")).board.core_parameters == {
        "multiplier": 32
    }
    h7 = load_board("nucleo-h7a3zi-q")
    assert parse_changes(("icache.size=32K",), h7).pins == {"flash": {"instruction_lines": 1024}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flash", "not of the form"),
        ("nothing.wait_states=1", "has no nothing.wait_states"),
        ("flash.colour=1", "flash has no parameter colour"),
        ("flash.wait_states=some", "not a number"),
        ("icache.size=100", "power of two"),
        ("icache.depth=1", "a cache has size, ways, enabled"),
        ("core.multiplier=32", "no parameter multiplier"),
        ("flash_boot.wait_states=1", "is behind"),
    ],
)
def test_a_mistake_names_what_there_is(text, words):
    with pytest.raises(UsageError, match=words) as caught:
        parse_changes((text,), BOARD)
    assert "flash.wait_states" in str(caught.value)


def test_frequencies():
    assert [parse_hertz(t) for t in ("80MHz", "32768", "1.5 mhz", "48 kHz")] == [
        80_000_000,
        32768,
        1_500_000,
        48_000,
    ]
    for wrong in ("fast", "0", "-1MHz", "1.2.3MHz"):
        with pytest.raises(UsageError):
            parse_hertz(wrong)


def test_wait_states_run_again_and_the_firmware_cannot_set_them_back():
    slow = figures_of("flash.wait_states=15")
    assert slow.how == RERUN and slow.same_results
    assert slow.changed.cycles > slow.as_it_is.cycles
    none = figures_of("flash.wait_states=0", "icache.enabled=on")
    assert none.changed.stack.of(Cause.FLASH) < none.as_it_is.stack.of(Cause.FLASH) / 2
    assert none.changed.cycles < none.as_it_is.cycles


def test_another_clock_is_priced_from_the_counts():
    found = figures_of(clock_hz=60_000_000)
    assert found.how == STORED
    busy = found.as_it_is.cycles - found.as_it_is.waiting_cycles
    assert found.changed.cycles - found.changed.waiting_cycles == busy
    assert found.changed.waiting_cycles == round(found.as_it_is.waiting_cycles / 2)


def test_waiting_keeps_its_seconds():
    base = Figures(100, 1000, 400, 100_000_000, CycleStack(), "")
    changed = at_clock(base, 50_000_000)
    assert (changed.cycles, changed.waiting_cycles) == (800, 200)
    assert changed.latency_us == pytest.approx(16.0)
    assert at_clock(base, base.clock_hz) == base


def test_the_command(tmp_path):
    report = tmp_path / "report.json"
    words = ["kws", "--count", "1", "--clock", "80MHz"]
    words += ["--what-if", "flash.wait_states=2", "--what-if", "icache.size=8K"]
    result = CliRunner().invoke(bench, [*words, "--json", str(report)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "re-run" in result.output and "80 MHz" in result.output
    found = json.loads(report.read_text())["runs"][0]["what_if"]
    assert found["changes"] == ["flash.wait_states=2", "icache.size=8K", "clock=80MHz"]
    assert found["same_results"] is True
    assert sum(found["changed"]["cycles_by_cause"].values()) < found["as_it_is"]["cycles"]


def test_contradictions_are_found_before_anything_runs():
    options = BenchOptions(benchmarks=(KEYWORD_SPOTTING,), what_if=("flash.colour=1",))
    with pytest.raises(UsageError, match="no parameter colour"):
        run_bench(options, make_machine=lambda *_: pytest.fail("it ran"))
    with pytest.raises(UsageError, match="prices no memories"):
        run_bench(replace(options, timing="core"))
    with pytest.raises(UsageError, match="performance mode"):
        run_bench(BenchOptions(accuracy=True, clock_hz=1))
