"""``boardless build``: from a ``.tflite`` to an ELF."""

from __future__ import annotations

from pathlib import Path

import click

from benches.build.calibration import BuiltCalibration, build_calibration, calibration_support
from benches.build.firmware import (
    BENCHMARKS,
    MODES,
    OPTIMIZATIONS,
    SHIPPED,
    BuildOptions,
    BuiltFirmware,
    build_firmware,
    shipped_model,
)
from benches.build.generator import KERNEL_SETS
from benches.build.support import BoardSupport, fitted, load_support, support_for
from benches.build.toolchain import CORES, TOOLCHAINS
from emulator.board.reader import load_board
from emulator.cli.command import Command
from emulator.cli.options import board_option
from emulator.cli.parameter_types import Count, InputFile, OutputPlace
from emulator.errors import UsageError
from emulator.files import OutputFile, make_folder

CALIBRATION = "calibration"


@click.command(cls=Command)
@click.argument("benchmarks", nargs=-1, metavar="[BENCHMARK]...")
@click.option("--model", type=InputFile(), metavar="FILE", help="A .tflite file; else the model shipped.")
@board_option
@click.option("--bsp", "support_name", help="Board support package, if not the one found by its devices.")
@click.option("--core", type=click.Choice(list(CORES)), help="Core to compile for, if not the board's own.")
@click.option("--toolchain", type=click.Choice(TOOLCHAINS), default="gcc", show_default=True)
@click.option("--kernels", type=click.Choice(KERNEL_SETS), default="optimized", show_default=True)
@click.option("--opt", type=click.Choice(OPTIMIZATIONS), default="2", show_default=True, help="As in -O2.")
@click.option("--mode", type=click.Choice(list(MODES)), default="performance", show_default=True)
@click.option("--baud", type=Count(), help="Console speed, if not the mode's own.")
@click.option(
    "--out", type=OutputPlace(), metavar="FILE|DIR", help="ELF to write (one benchmark), or a folder."
)
def build(
    benchmarks: tuple[str, ...],
    model: Path | None,
    board: str,
    support_name: str | None,
    core: str | None,
    toolchain: str,
    kernels: str,
    opt: str,
    mode: str,
    baud: int | None,
    out: Path | None,
) -> None:
    """Build benchmark firmware: kws, vww, ic, ad (all four when none is named), sww, ic02.

    No model of ic02, image classification with the larger network, is shipped: it takes --model.
    BENCHMARK calibration is the firmware that measures a board's memories: `boardless calibrate`.
    """
    if CALIBRATION in benchmarks:
        options = BuildOptions(core or "", toolchain, kernels, opt, mode, baud)
        click.echo(_calibration(benchmarks, board, support_name, out, options, model))
        return
    names = benchmarks or SHIPPED
    if model is not None and len(names) != 1:
        raise UsageError("--model needs the one BENCHMARK that it was made for",
                         next_step=f"name one of: {', '.join(BENCHMARKS)}")  # fmt: skip
    support = _support(board, support_name)
    options = BuildOptions(core or "", toolchain, kernels, opt, mode, baud)
    support.check_baud(options.console_baud)
    models = {name: model or shipped_model(name) for name in names}
    outputs = {name: _output(out, name, support, names) for name in names}
    for name in names:
        click.echo(_line(build_firmware(name, models[name], support, outputs[name].path, options)))


def _calibration(
    names: tuple[str, ...],
    board: str,
    support_name: str | None,
    out: Path | None,
    options: BuildOptions,
    model: Path | None,
) -> str:
    """Build it; the line that says so. Raises UsageError when it is not alone, or for a model."""
    if len(names) != 1 or model is not None:
        raise UsageError("calibration is built alone, and from no model", where=" ".join(names))
    described = load_board(board)
    if support_name:
        support = fitted(load_support(support_name), described)
    else:
        support = calibration_support(described)
    output = _output(out, CALIBRATION, support, names)
    built = build_calibration(described, support, output.path, options)
    return _calibration_line(built)


def _calibration_line(built: BuiltCalibration) -> str:
    return (
        f"{built.path}: {CALIBRATION} for {built.support} ({built.core}):"
        f" flash {built.flash_bytes} bytes, RAM {built.ram_bytes} bytes"
    )


def _support(board: str, support_name: str | None) -> BoardSupport:
    if not board.endswith(".toml"):
        return load_support(support_name or board)
    described = load_board(board)
    support = load_support(support_name) if support_name else support_for(described)
    return fitted(support, described)


def _output(out: Path | None, name: str, support: BoardSupport, names: tuple[str, ...]) -> OutputFile:
    """The ELF to write, tried out before anything is built; its folder is made."""
    path = Path(f"{name}-{support.name}.elf")
    if out is not None:
        path = out / path if len(names) > 1 or out.is_dir() else out
    make_folder(path.parent)
    output = OutputFile(path, "the firmware")
    output.try_out()
    return output


def _line(built: BuiltFirmware) -> str:
    return (
        f"{built.path}: {built.benchmark} for {built.support} ({built.core}):"
        f" flash {built.flash_bytes} bytes, RAM {built.ram_bytes} bytes (arena {built.arena_bytes})"
    )
