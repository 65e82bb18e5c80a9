"""``boardless build``: from a ``.tflite`` to an ELF."""

from __future__ import annotations

from pathlib import Path

import click

from benches.build.firmware import (
    BENCHMARKS,
    MODES,
    OPTIMIZATIONS,
    BuildOptions,
    BuiltFirmware,
    build_firmware,
)
from benches.build.generator import KERNEL_SETS
from benches.build.support import BoardSupport, firmware_folder, fitted, load_support, support_for
from benches.build.toolchain import CORES, TOOLCHAINS
from emulator.board.reader import load_board
from emulator.errors import UsageError


@click.command()
@click.argument("benchmarks", nargs=-1, metavar="[BENCHMARK]...")
@click.option("--model", type=click.Path(path_type=Path), help="A .tflite file; else the model shipped.")
@click.option("--board", default="nucleo-l4r5zi", show_default=True, help="Board name, or a board's TOML.")
@click.option("--bsp", "support_name", help="Board support package, if not the one found by its devices.")
@click.option("--core", type=click.Choice(list(CORES)), help="Core to compile for, if not the board's own.")
@click.option("--toolchain", type=click.Choice(TOOLCHAINS), default="gcc", show_default=True)
@click.option("--kernels", type=click.Choice(KERNEL_SETS), default="optimized", show_default=True)
@click.option("--opt", type=click.Choice(OPTIMIZATIONS), default="2", show_default=True, help="As in -O2.")
@click.option("--mode", type=click.Choice(list(MODES)), default="performance", show_default=True)
@click.option("--baud", type=int, default=0, help="Console speed, if not the mode's own.")
@click.option("--out", type=click.Path(path_type=Path), help="ELF to write (one benchmark), or a folder.")
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
    baud: int,
    out: Path | None,
) -> None:
    """Build benchmark firmware: kws, vww, ic, ad (all four when none is named)."""
    names = benchmarks or tuple(BENCHMARKS)
    if model is not None and len(names) != 1:
        raise UsageError("--model needs the one BENCHMARK that it was made for",
                         next_step=f"name one of: {', '.join(BENCHMARKS)}")  # fmt: skip
    support = _support(board, support_name)
    options = BuildOptions(core or "", toolchain, kernels, opt, mode, baud)
    for name in names:
        source = model or shipped_model(name)
        click.echo(_line(build_firmware(name, source, support, _target(out, name, support, names), options)))


def shipped_model(benchmark: str) -> Path:
    """Path of the model that this project trained for a benchmark; raises :class:`UsageError`."""
    if benchmark not in BENCHMARKS:
        raise UsageError(f"unknown benchmark {benchmark!r}", next_step=f"known: {', '.join(BENCHMARKS)}")
    return firmware_folder() / "models" / f"{benchmark}.tflite"


def _support(board: str, support_name: str | None) -> BoardSupport:
    if not board.endswith(".toml"):
        return load_support(support_name or board)
    described = load_board(board)
    support = load_support(support_name) if support_name else support_for(described)
    return fitted(support, described)


def _target(out: Path | None, name: str, support: BoardSupport, names: tuple[str, ...]) -> Path:
    file = f"{name}-{support.name}.elf"
    if out is None:
        return Path(file)
    return out / file if len(names) > 1 or out.is_dir() else out


def _line(built: BuiltFirmware) -> str:
    return (
        f"{built.path}: {built.benchmark} for {built.support} ({built.core}):"
        f" flash {built.flash_bytes} bytes, RAM {built.ram_bytes} bytes (arena {built.arena_bytes})"
    )
