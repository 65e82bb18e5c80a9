"""``boardless bench --what-if`` and ``--clock``."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from benches.cli.bench import bench
from benches.cli.bench_run import BenchOptions, run_bench
from benches.measure.changes import parse_changes, parse_hertz
from benches.measure.profiled_window import Conversation
from benches.measure.what_if import RERUN, STORED, Figures, at_clock, compare
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


CONVERSATION = Conversation((synthetic_input(KEYWORD_SPOTTING),))


def figures_of(*texts, clocks_hz=()):
    return compare(make, BOARD, CONVERSATION, parse_changes(texts, BOARD), clocks_hz)


def only(texts, board=BOARD):
    (changes,) = parse_changes(texts, board)
    return changes


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
    assert only((text,)).pins == pins


def test_memories_without_accelerator_and_core_parameters_change_the_board():
    board = only(("sram1.wait_states=1",)).board
    assert next(r for r in board.regions if r.name == "sram1").wait_states == 1
    m0plus = load_board("virtual-m0plus")
    assert only(("core.multiplier=32",), m0plus).board.core_parameters == {"multiplier": 32}
    h7 = load_board("nucleo-h7a3zi-q")
    assert only(("icache.size=32K",), h7).pins == {"flash": {"instruction_lines": 1024}}


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


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("flash.line_bytes=3",), "line_bytes: must be 4, 8, 16"),
        (("flash.prefetch=7",), "prefetch: must be 0 .off. or 1 .on., not 7"),
        (
            ("flash.instruction_lines=1000000000000",),
            "instruction_lines: must be a whole number from 0 to 65536",
        ),
        (("icache.size=4096M",), "instruction_lines: must be a whole number"),
        (("flash.wait_states=16",), "wait_states: must be a whole number from 0 to 15"),
        (("sram1.wait_states=1000",), "regions.sram1.wait_states: must be a whole number from 0 to 255"),
        (("core.other_memory=99",), "core_parameters.other_memory: must be"),
        (("flash.instruction_lines=48", "icache.ways=32"), "48 lines in 32 ways"),
    ],
)
def test_values_go_through_the_checks_of_a_board_file(texts, words):
    with pytest.raises(UsageError, match=words):
        parse_changes(texts, BOARD)


def test_a_parameter_with_several_values_makes_a_row_for_each():
    texts = ("flash.wait_states=1", "icache.size=8K", "flash.wait_states=3", "flash.wait_states=1")
    assert [c.texts for c in parse_changes(texts, BOARD)] == [
        ("flash.wait_states=1", "icache.size=8K"),
        ("flash.wait_states=3", "icache.size=8K"),
    ]
    both = parse_changes((*texts, "icache.size=4K"), BOARD)
    assert [c.texts[1] for c in both] == ["icache.size=8K", "icache.size=4K"] * 2
    assert both[3].pins == {"flash": {"wait_states": 3, "instruction_lines": 128}}
    assert parse_changes((), BOARD) == ()


def test_frequencies():
    assert [parse_hertz(t) for t in ("80MHz", "32768hz", "1.5 mhz", "48 kHz", ".5GHz")] == [
        80_000_000,
        32768,
        1_500_000,
        48_000,
        500_000_000,
    ]
    for wrong in ("fast", "0Hz", "-1MHz", "1.2.3MHz", "5GHz", "0.1Hz", "1e400MHz"):
        with pytest.raises(UsageError):
            parse_hertz(wrong)
    with pytest.raises(UsageError, match="has no unit\n  Write 80MHz, or 80Hz"):
        parse_hertz("80")


def test_wait_states_run_again_and_the_firmware_cannot_set_them_back():
    found = figures_of("flash.wait_states=15", "flash.wait_states=0", "icache.enabled=on")
    base, (slow, none) = found.as_it_is, found.rows
    assert slow.how == none.how == RERUN and slow.same_results and none.same_results
    assert slow.figures.cycles > base.cycles > none.figures.cycles
    assert none.figures.stack.of(Cause.FLASH) < base.stack.of(Cause.FLASH) / 2


def test_what_is_as_it_is_makes_no_difference():
    found = figures_of("icache.enabled=on")  # the firmware enables it too
    assert found.rows[0].figures.cycles == found.as_it_is.cycles


def test_another_clock_is_priced_from_the_counts():
    found = figures_of(clocks_hz=(60_000_000, 30_000_000))
    assert [row.how for row in found.rows] == [STORED, STORED]
    assert [row.changes for row in found.rows] == [("clock=60MHz",), ("clock=30MHz",)]
    base, changed = found.as_it_is, found.rows[0].figures
    busy = base.total_cycles - base.total_waiting_cycles
    assert changed.total_cycles - changed.total_waiting_cycles == busy
    assert changed.total_waiting_cycles == round(base.total_waiting_cycles / 2)


def test_waiting_keeps_its_seconds():
    base = Figures(2, 200, 2000, 800, 100_000_000, CycleStack(), "")
    changed = at_clock(base, 50_000_000)
    assert (changed.cycles, changed.waiting_cycles) == (800, 200)
    assert changed.latency_us == pytest.approx(16.0)
    assert at_clock(base, base.clock_hz) == base


def test_the_command(tmp_path):
    report = tmp_path / "report.json"
    words = ["kws", "--count", "2", "--clock", "80MHz", "--clock", "40MHz"]
    words += [
        "--what-if",
        "flash.wait_states=2",
        "--what-if",
        "icache.size=8K",
        "--what-if",
        "icache.size=4K",
    ]
    result = CliRunner().invoke(bench, [*words, "--json", str(report)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "re-run" in result.output and "80 MHz" in result.output
    run = json.loads(report.read_text())["runs"][0]
    found = run["what_if"]
    assert [row["changes"][1:] for row in found["rows"]] == [
        [size, clock]
        for size in ("icache.size=8K", "icache.size=4K")
        for clock in ("clock=80MHz", "clock=40MHz")
    ]
    base = found["as_it_is"]
    for key in ("instructions", "cycles", "clock_hz", "latency_us"):
        assert base[key] == run[key], key  # the same window as the row above
    for row in found["rows"]:
        assert row["same_results"] is True
        assert sum(row["cycles_by_cause"].values()) < 2 * base["cycles"]


def test_contradictions_are_found_before_anything_runs():
    options = BenchOptions(benchmarks=(KEYWORD_SPOTTING,), what_if=("flash.colour=1",))
    with pytest.raises(UsageError, match="no parameter colour"):
        run_bench(options, make_machine=lambda *_: pytest.fail("it ran"))
    with pytest.raises(UsageError, match="prices no memories"):
        run_bench(replace(options, timing="core"))
    with pytest.raises(UsageError, match="performance mode"):
        run_bench(BenchOptions(accuracy=True, clocks_hz=(1,)))
