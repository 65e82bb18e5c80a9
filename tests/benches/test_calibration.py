"""`boardless calibrate`: parameters that were put into a board file come out of the firmware's counts."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import threading
import tty
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

import pytest
from calibrated_boards import BOARDS, board, with_values
from click.testing import CliRunner

from benches.assembly.reader import read_assembly_catalog
from benches.build.calibration import build_calibration, calibration_support
from benches.build.support import firmware_folder
from benches.calibration.assembly_rows import AssemblyRows
from benches.calibration.calibration import Calibration, calibrate
from benches.calibration.counts import CountSet, parse_counts
from benches.calibration.forward import ForwardModel, measured_counts, printed_counts
from benches.calibration.parameters import parameters_of, with_caches
from benches.calibration.port import read_pass, read_port
from benches.calibration.report import toml_lines
from emulator.board.model import Board
from emulator.board.reader import load_board
from emulator.cli.main import main
from emulator.errors import LimitReached, UsageError
from emulator.machine.machine import Machine

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Calibrated:
    """One board file, its firmware, and the model that runs it: built once, as it takes seconds."""

    def __init__(self, folder: Path, name: str) -> None:
        self.board = board(folder, name)
        self.file = folder / f"{name}.toml"
        self.elf = folder / f"{name}.elf"
        build_calibration(self.board, calibration_support(self.board), self.elf)
        self.model = ForwardModel(self.elf)

    def counts(self, values: Mapping[str, int]) -> tuple[Board, CountSet]:
        """A board with other parameters, and what it counts, on a machine of its own."""
        other = with_values(self.board, values)
        return other, self.model.counts(other)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory):
    @cache
    def made(name: str) -> Calibrated:
        return Calibrated(tmp_path_factory.mktemp("calibrated"), name)

    return made


CASES = [
    ("m4", {"flash.parameters.wait_states": 5, "flash.parameters.bus_cycles": 2, "data_lines": 16}),
    ("m7", {"flash.parameters.bus_cycles": 7, "axi_sram.parameters.bus_cycles": 6}),
    ("m33", {"icache.parameters.wait_states": 3, "bus_cycles": 3}),
    ("m0plus", {"flash.parameters.wait_states": 2, "prefetch": 1, "instruction_lines": 4}),
]
FAR = [
    (
        "m4",
        {
            "flash.parameters.wait_states": 5, "flash.parameters.bus_cycles": 3, "read_bytes": 16,
            "flash.parameters.prefetch": 1, "instruction_lines": 64, "data_lines": 16, "other_memory": 2,
            "leave_flash": 0, "sram2.first_load_cycles": 1,
        },
    ),
    (
        "m7",
        {
            "flash.parameters.wait_states": 6, "flash.parameters.bus_cycles": 7, "instruction_lines": 256,
            "data_lines": 128, "axi_sram.parameters.bus_cycles": 6, "axi_sram.parameters.read_bytes": 4,
            "unaligned_load": 2,
        },
    ),
    (
        "m33",
        {
            "icache.parameters.wait_states": 4, "read_bytes": 8, "bus_cycles": 3, "prefetch": 1,
            "instruction_lines": 256, "instruction_ways": 4,
        },
    ),
    ("m0plus", {"flash.parameters.wait_states": 2, "read_bytes": 16, "prefetch": 1, "instruction_lines": 4}),
    ("m0plus", {"flash.parameters.wait_states": 3, "instruction_cache": 0, "multiplier": 32}),
]  # fmt: skip


def same_parameters(found: Calibration, truth: Board) -> None:
    """Every parameter that the kernels determine is the one that was put in; exactly what was counted."""
    assert found.error < 1e-9
    wrong = [
        (f.parameter.key, f.value) for f in found.found if f.determined and f.value != f.parameter.of(truth)
    ]
    assert not wrong
    assert all(residual.error == 0 for residual in found.residuals)


@pytest.mark.parametrize(("name", "values"), CASES)
def test_what_was_put_in_comes_out(calibrated, name: str, values: Mapping[str, int]) -> None:
    """Of these parameters; the others are known, which saves most of the time."""
    known = calibrated(name)
    truth, counts = known.counts(values)
    keys = [p.key for p in parameters_of(truth)]
    kept = [key for key in keys if not any(key.endswith(end) for end in values)]
    found = calibrate(known.board, counts, known.model, kept=kept)
    same_parameters(found, truth)
    for end in values:
        (one,) = (f for f in found.found if f.parameter.key.endswith(end))
        assert one.determined, end
        assert one.value != one.before


@pytest.mark.slow
@pytest.mark.parametrize(("name", "values"), FAR)
def test_what_is_far_from_the_file_comes_out(calibrated, name: str, values: Mapping[str, int]) -> None:
    known = calibrated(name)
    truth, counts = known.counts(values)
    same_parameters(calibrate(known.board, counts, known.model), truth)


def test_counts_that_are_off_a_little_give_the_same_parameters(calibrated) -> None:
    """Silicon's core is not the model's: each count 2 % off, this way or that."""
    known = calibrated("m0plus")
    truth, counts = known.counts({"flash.parameters.wait_states": 2})
    off = tuple(
        replace(c, cycles=round(c.cycles * (1.02 if number % 3 else 0.98)))
        for number, c in enumerate(counts.counts)
    )
    free = ("flash.parameters.wait_states", "prefetch", "instruction_lines")
    kept = [p.key for p in parameters_of(known.board) if not p.key.endswith(free)]
    found = calibrate(known.board, replace(counts, counts=off), known.model, kept=kept)
    assert 0.01 < found.error < 0.03
    assert [f.value for f in found.found] == [f.parameter.of(truth) for f in found.found]


def test_what_the_kernels_can_not_tell_is_said(calibrated) -> None:
    """Without a cache nobody sees how many lines it has: the file's figure stays, as a comment."""
    known = calibrated("m0plus")
    _truth, counts = known.counts({"instruction_cache": 0})
    found = calibrate(known.board, counts, known.model)
    (lines,) = (f for f in found.found if f.parameter.name == "instruction_lines")
    assert lines.value == lines.before == 2
    assert not lines.determined
    assert {4, 8} <= set(lines.same)
    text = "\n".join(toml_lines(found, "a test"))
    assert "# instruction_lines = 2 # not determined: 1, 3, 4" in text
    read = tomllib.loads(text)["accelerators"]["flash"]["parameters"]
    assert read["instruction_cache"] == 0
    assert "instruction_lines" not in read


def test_a_parameter_that_is_kept_stays(calibrated) -> None:
    known = calibrated("m0plus")
    _truth, counts = known.counts({"flash.parameters.wait_states": 2})
    key = "accelerators.flash.parameters.wait_states"
    kept = [p.key for p in parameters_of(known.board) if p.name != "prefetch"]
    found = calibrate(known.board, counts, known.model, kept=kept)
    (wait,) = (f for f in found.found if f.parameter.key == key)
    assert wait.kept
    assert wait.value == 1
    assert found.error > 0


def test_functions_with_measured_cycles_are_fitted_too(calibrated, tmp_path: Path) -> None:
    """One that is right changes nothing; one that is not stands among what remains."""
    known = calibrated("m0plus")
    truth, counts = known.counts({"flash.parameters.wait_states": 2})
    elf = Path(str(resources.files("benches.assembly").joinpath("micro_kernels.elf")))
    machine = Machine(truth)
    machine.load(elf)
    machine.core.set("sp", 0x20010000)
    cycles = machine.call("alu_64", 100, 0x20000100).counts.cycles
    catalog = tmp_path / "functions.csv"
    catalog.write_text(
        "set,elf,function,arguments,board,published_cycles,offset\n"
        f"mine,micro_kernels.elf,alu_64,100 0x20000100,m0plus.toml,{cycles},0\n"
        f"mine,micro_kernels.elf,alu_64,100 0x20000100,m0plus,{2 * cycles},0\n"
        f"mine,micro_kernels.elf,alu_64,100 0x20000100,virtual-m4,{cycles},0\n"
    )
    rows = AssemblyRows(read_assembly_catalog(catalog), [elf.parent], known.board)
    kept = [p.key for p in parameters_of(known.board) if not p.key.endswith("flash.parameters.wait_states")]
    found = calibrate(known.board, counts, known.model, assembly=rows, kept=kept)
    assert [f.value for f in found.found if not f.kept] == [2]
    assert [r.error for r in found.residuals if r.kernel == "assembly"] == [0, -0.5]
    assert found.error == pytest.approx(0.5 / len(found.residuals))
    with pytest.raises(UsageError, match="none of the folders"):
        AssemblyRows(read_assembly_catalog(catalog), [], known.board)
    with pytest.raises(UsageError, match="no row is of"):
        AssemblyRows(read_assembly_catalog(catalog), [], load_board("virtual-m7"))


def test_what_two_parameters_share_is_said(calibrated) -> None:
    """Without a prefetch the flash's wait and the bus's are one for each line: the file's wait stays."""
    known = calibrated("m33")
    _truth, counts = known.counts({"icache.parameters.prefetch": 0, "icache.parameters.wait_states": 3})
    free = ("wait_states", "bus_cycles", "prefetch")
    kept = [p.key for p in parameters_of(known.board) if not p.key.endswith(free)]
    found = calibrate(known.board, counts, known.model, kept=kept)
    by_name = {f.parameter.key.removeprefix("accelerators.icache.parameters."): f for f in found.found}
    assert found.error < 1e-9
    assert by_name["wait_states"].value + by_name["bus_cycles"].value == 3 + 1
    for name in ("wait_states", "bus_cycles"):
        assert not by_name[name].determined
        assert by_name[name].together


@pytest.mark.parametrize("name", BOARDS)
def test_the_console_says_what_was_measured(calibrated, name: str) -> None:
    known = calibrated(name)
    printed = parse_counts(printed_counts(known.elf, known.board), name)
    assert printed == known.model.counts(known.board)
    assert printed.core == known.board.core
    assert {c.kernel for c in printed.counts} >= {"taken", "straight", "cold-load", "store", "alternate"}
    assert {c.memory for c in printed.counts} == {r.name for r in known.board.regions if not r.alias_of}


@pytest.mark.parametrize("name", ["m4", "m33", "m0plus"])
def test_a_machine_that_takes_turns_counts_as_a_new_one(calibrated, name: str) -> None:
    known = calibrated(name)
    for parameter in parameters_of(with_caches(known.board)):
        value = parameter.of(known.board)
        other = next((v for v in parameter.values if v > value), None)
        moved = parameter.on(with_caches(known.board), other) if other is not None else None
        if moved is not None and parameter.name in ("wait_states", "prefetch", "other_memory", "read_bytes"):
            assert known.model.kernel_cycles(moved) == known.model.counts(moved).kernel_cycles(), (
                parameter.key
            )


BROUGHT_UP = tomllib.loads((firmware_folder() / "bringup" / "boards.toml").read_text())


@pytest.mark.parametrize("name", BROUGHT_UP)
def test_boards_that_people_have_count(name: str, tmp_path: Path) -> None:
    """At the clock of their vendor's code, with nothing touched that no model covers, on every memory."""
    known, elf = load_board(name), tmp_path / "calibration.elf"
    build_calibration(known, calibration_support(known), elf)
    machine = Machine(known, strict=True)
    machine.load(elf)
    counts = measured_counts(machine)
    assert machine.clock.core_hz == known.nominal_hz
    assert machine.unmodelled == []
    without = set(BROUGHT_UP[name].get("without", ()))
    large = {r.name for r in known.regions if r.size_bytes >= 8192 and not r.alias_of and r.kind != "rom"}
    assert {c.memory for c in counts.counts} == large - without
    modes = 2 if "prefetch_register" in BROUGHT_UP[name] or known.core == "cortex-m7" else 1
    assert {c.mode for c in counts.counts} == set(range(modes))


def test_a_board_of_ones_own_is_brought_up_as_one_with_its_devices(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    words = 'title = "Mine"\nfamily = "stm32u5"\nconsole = "{}"\nnominal_hz = 160_000_000\n'
    file.write_text(words.format("usart1") + "[devices.rcc.parameters]\nhse_hz = 16_000_000\n")
    assert calibration_support(load_board(str(file))).sources == ("bringup/bsp.c", "bringup/u5.c")
    file.write_text(words.format("usart3") + "[devices.rcc.parameters]\nhse_hz = 16_000_000\n")
    with pytest.raises(UsageError, match="no board support package"):
        calibration_support(load_board(str(file)))


# -- text ------------------------------------------------------------------------------------
HEAD = "calibration begin 1 core=cortex-m4 counter=cyccnt image=0123abcd\r\n"
ROW = "count load memory=flash mode=0 times=4 count=16 stride=32 repeats=2 cycles=161 spread=1\r\n"
TAIL = "calibration end rows=1 sum=161\r\n"


def test_the_last_whole_pass_is_read() -> None:
    first = HEAD + ROW + TAIL
    text = f"noise\n{ROW}{TAIL}{first}{first.replace('161', '162')}{HEAD}"
    found = parse_counts(text, "here")
    assert found.counts[0].cycles == 162
    assert found.counts[0].values == (("times", 4), ("count", 16), ("stride", 32))
    assert parse_counts(found.text, "its own text") == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no line from"),
        (HEAD + ROW, "no line from"),
        (HEAD.replace("begin 1", "begin 9") + ROW + TAIL, "version 1"),
        (HEAD + ROW.replace("161", "61") + TAIL, "characters were lost"),
        (HEAD + TAIL, "characters were lost"),
        (HEAD + ROW.replace("cycles", "cyc es") + TAIL, "here, line 2"),
        (HEAD + ROW.replace("repeats=2", "repeats=0") + TAIL, "counts nothing"),
    ],
)
def test_damaged_counts_are_told(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_counts(text, "here")


def test_counts_of_another_firmware_are_refused(calibrated) -> None:
    known = calibrated("m0plus")
    counts = known.model.counts(known.board)
    with pytest.raises(UsageError, match="another build"):
        calibrate(known.board, replace(counts, image="00000000"), known.model)
    with pytest.raises(UsageError, match="board file says cortex-m0plus"):
        calibrate(known.board, replace(counts, core="cortex-m4"), known.model)


# -- the serial port ---------------------------------------------------------------------------
class Pieces:
    """A port that gives one piece a read, then nothing."""

    def __init__(self, *pieces: str) -> None:
        self._pieces = [piece.encode() for piece in pieces]

    def read(self, size: int = 1) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def test_a_pass_is_read_from_its_beginning_and_a_damaged_one_passed_over() -> None:
    port = Pieces(ROW, TAIL + HEAD[:9], HEAD[9:] + ROW[:30], TAIL, HEAD + ROW, TAIL[:-2], TAIL[-2:])
    assert read_pass(port, "a port", 60) == HEAD + ROW + TAIL


def test_a_port_without_the_firmware_is_told() -> None:
    with pytest.raises(LimitReached, match="no line"):
        read_pass(Pieces("hello\n"), "a port", 0.01)
    with pytest.raises(UsageError, match="can't be read"):
        read_port("/dev/there-is-none", 115200, 1)


def test_a_terminal_is_a_port() -> None:
    """The counts come again and again, as from a board: what came before the port was open is lost."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    done = threading.Event()

    def count() -> None:
        while not done.wait(0.02):
            if select.select([], [ours], [], 0)[1]:
                os.write(ours, (HEAD + ROW + TAIL).encode())

    writer = threading.Thread(target=count)
    writer.start()
    try:
        assert read_port(os.ttyname(theirs), 115200, 60) == HEAD + ROW + TAIL
    finally:
        done.set()
        writer.join()
        os.close(ours)
        os.close(theirs)


# -- the command -------------------------------------------------------------------------------
def test_the_command_writes_lines_that_make_the_file_right(calibrated, tmp_path: Path) -> None:
    known = calibrated("m0plus")
    truth, counts = known.counts({"flash.parameters.wait_states": 3})
    text, lines, report = tmp_path / "counts.txt", tmp_path / "found.toml", tmp_path / "report.json"
    text.write_text(counts.text)
    words = ["calibrate", str(known.file), "--counts", str(text), "--elf", str(known.elf)]
    result = CliRunner().invoke(main, [*words, "-o", str(lines), "--json", str(report)])
    assert result.exit_code == 0, result.output
    assert "simulated and unofficial" in result.output
    file = known.file.read_text().partition("[accelerators.flash.parameters]")[0]
    (tmp_path / "right.toml").write_text(file + lines.read_text())
    right = load_board(str(tmp_path / "right.toml"))
    assert right.accelerators[0].parameters == truth.accelerators[0].parameters
    figures = json.loads(report.read_text())
    assert figures["mean_abs_error"] == 0
    assert len(figures["residuals"]) == len(counts.counts) - 1  # without the empty one
    assert {p["key"] for p in figures["parameters"] if p["determined"]} >= {
        "accelerators.flash.parameters.wait_states"
    }


def test_the_command_builds_its_firmware_and_counts_on_the_model(tmp_path: Path) -> None:
    board(tmp_path, "m0plus")
    file, saved = str(tmp_path / "m0plus.toml"), tmp_path / "counts.txt"
    result = CliRunner().invoke(
        main, ["calibrate", file, "--emulated", "--keep", "flash.wait_states", "--save-counts", str(saved)]
    )
    assert result.exit_code == 0, result.output
    assert "mean error 0.00 %" in result.output
    built = tmp_path / "again.elf"
    words = ["build", "calibration", "--board", file, "--out", str(built)]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert parse_counts(saved.read_text(), "") == ForwardModel(built).counts(load_board(file))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["virtual-m4"], "one of --counts FILE"),
        (["virtual-m4", "--emulated", "--port", "/dev/null"], "one of --counts FILE"),
        (["virtual-m4", "--emulated", "--keep", "flash.wait_state"], "flash.wait_states"),
        (["no-such-board", "--emulated"], "unknown board"),
    ],
)
def test_what_can_not_be_is_told(words: list[str], told: str) -> None:
    result = CliRunner().invoke(main, ["calibrate", *words])
    assert result.exit_code == 2
    assert told in result.stderr
