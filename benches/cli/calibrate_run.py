"""What ``boardless calibrate`` does once its options are parsed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benches.assembly.reader import read_assembly_catalog
from benches.build.calibration import build_calibration, calibration_support
from benches.calibration.assembly_rows import AssemblyRows
from benches.calibration.calibration import Calibration, calibrate
from benches.calibration.counts import parse_counts
from benches.calibration.forward import ForwardModel, printed_counts
from benches.calibration.parameters import parameters_of, with_caches
from benches.calibration.port import read_port
from benches.calibration.report import as_json, certainty, kernel_errors, toml_lines
from benches.cli.bench_run import report_console, write_report
from benches.runs.report import UNOFFICIAL
from emulator.board.model import Board
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.files import OutputFile, read_text
from emulator.schema.words import suggest


@dataclass(frozen=True, slots=True)
class CalibrateInput:
    """Where counts come from: a file, a port, or without either the model. ``keep``: names of parameters."""

    counts_file: Path | None = None
    port: str | None = None
    baud: int = 115200
    seconds: float = 60.0
    elf: Path | None = None
    keep: tuple[str, ...] = ()
    assembly: Path | None = None
    images: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrateOutputs:
    """What to write beside what is printed."""

    parameters: OutputFile | None = None
    counts: OutputFile | None = None
    json_file: OutputFile | None = None


def run_calibrate(board_name: str, given: CalibrateInput, outputs: CalibrateOutputs) -> None:
    """Read or make counts, fit, print and write. Raises BoardlessError of every kind."""
    board = load_board(board_name)
    kept = kept_keys(board, given.keep)
    catalog = None if given.assembly is None else read_assembly_catalog(given.assembly)
    assembly = None if catalog is None else AssemblyRows(catalog, given.images, board)
    console = report_console(outputs.json_file)
    with tempfile.TemporaryDirectory(prefix="boardless-calibrate-") as folder:
        elf = given.elf
        if elf is None:
            elf = Path(folder) / "calibration.elf"
            build_calibration(board, calibration_support(board), elf)
        text, where = _console_text(board, given, elf)
        _write(outputs.counts, text)
        measured = parse_counts(text, where)
        with console.status("running the kernels on the model") as status:
            found = calibrate(
                board, measured, ForwardModel(elf), assembly=assembly, kept=kept, progress=status.update
            )
    _print(console, found, where)
    lines = "\n".join(toml_lines(found, where)) + "\n"
    console.print(lines, markup=False, highlight=False, soft_wrap=True)
    _write(outputs.parameters, lines)
    if outputs.json_file is not None:
        write_report(outputs.json_file, as_json(found))


def _write(output: OutputFile | None, text: str) -> None:
    if output is not None:
        output.write_bytes(text.encode())


def _console_text(board: Board, given: CalibrateInput, elf: Path) -> tuple[str, str]:
    """What the console said, and where that was."""
    if given.counts_file is not None:
        return read_text(given.counts_file), str(given.counts_file)
    if given.port is not None:
        return read_port(given.port, given.baud, given.seconds), given.port
    return printed_counts(elf, board), f"{board.name}, emulated"


def kept_keys(board: Board, names: Iterable[str]) -> list[str]:
    """Whole keys of ``flash.wait_states`` and the like. Raises UsageError for a name of nothing."""
    keys = {short_name(p.key): p.key for p in parameters_of(with_caches(board))}
    for name in names:
        if name not in keys and name not in keys.values():
            raise UsageError(
                f"{board.name} has no {name}{suggest(name, list(keys))}",
                where="--keep",
                next_step=f"it has: {', '.join(keys)}",
            )
    return [keys.get(name, name) for name in names]


def short_name(key: str) -> str:
    """``flash.wait_states`` for ``accelerators.flash.parameters.wait_states``."""
    return (
        key.removeprefix("accelerators.")
        .replace(".parameters.", ".")
        .removeprefix("regions.")
        .replace("core_parameters.", "core.")
    )


def _print(console: Console, found: Calibration, where: str) -> None:
    table = Table(title=f"Memory parameters that {where} determines ({UNOFFICIAL})", title_justify="left")
    for name, justify in (("parameter", "left"), ("file", "right"), ("found", "right"), ("", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for f in found.found:
        table.add_row(short_name(f.parameter.key), str(f.before), str(f.value), certainty(f))
    console.print(table)
    errors = Table(title="What remains, modelled against counted cycles", title_justify="left")
    for name in ("kernel", "rows", "mean", "worst", "counted", "modelled"):
        errors.add_column(name, justify="left" if name == "kernel" else "right")
    for e in kernel_errors(found):
        worst = e.worst
        errors.add_row(
            e.kernel,
            str(e.rows),
            f"{100 * e.mean:.2f} %",
            f"{100 * worst.error:+.2f} %",
            f"{worst.measured:,g}",
            f"{worst.modelled:,g}",
        )
    console.print(errors)
    spread = max((r.spread for r in found.residuals), default=0)
    console.print(
        f"mean error {100 * found.error:.2f} % of {len(found.residuals)} counts, "
        f"{100 * found.error_before:.2f} % before; repeats differ by at most {spread} cycles; "
        f"the model ran {found.runs} times",
        soft_wrap=True,
    )
