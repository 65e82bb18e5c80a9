"""``boardless bench``: play the benchmark's host against emulated boards and report."""

from __future__ import annotations

from pathlib import Path

import click

from benches.cli.many_values import ManyValuesCommand
from benches.suite.benchmarks import NAMES, find

EXISTING = click.Path(exists=True, path_type=Path)


def parse_address(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """An address such as 0x08000000; a usage error when it is none."""
    try:
        return None if value is None else int(value, 0)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not an address such as 0x08000000", ctx, param) from error


@click.command(cls=ManyValuesCommand, many_values=("--inputs",), not_values=NAMES)
@click.argument("benchmarks", nargs=-1, metavar="[BENCHMARK]...", type=click.Choice(NAMES))
@click.option("--board", metavar="NAME|FILE.toml", help="Board to emulate. [default: nucleo-l4r5zi]")
@click.option("--image", type=EXISTING, help="Your firmware instead of the shipped images.")
@click.option("--base", metavar="ADDRESS", callback=parse_address, help="Load address of a raw .bin image.")
@click.option(
    "--inputs", type=EXISTING, multiple=True, metavar="FILE...", help="Input files, or a labelled folder."
)
@click.option("--model", type=EXISTING, help="The .tflite that --image was built from, for the golden check.")
@click.option(
    "--count", type=click.IntRange(min=1), help="Inferences per window; in accuracy mode: inputs at most."
)
@click.option(
    "--mode",
    type=click.Choice(["performance", "accuracy", "energy"]),
    default="performance",
    show_default=True,
)
@click.option("--layers", is_flag=True, help="Also what each layer costs (images of `boardless build`).")
@click.option(
    "--what-if",
    "what_if",
    multiple=True,
    metavar="NAME.PARAMETER=VALUE",
    help="Also the same window with this changed, such as flash.wait_states=2 or icache.size=8K; a"
    " parameter given several times makes a row for each value.",
)
@click.option(
    "--clock",
    "clocks",
    multiple=True,
    metavar="FREQUENCY",
    help="Also the same window at this core clock, such as 80MHz; several make a row each.",
)
@click.option(
    "--bands",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Error bands from your own `boardless validate --update-bands FILE`.",
)
@click.option("--timing", type=click.Choice(["memory", "core", "count"]), help="Depth of the timing model.")
@click.option("--hook", type=click.Choice(["auto", "native", "python"]), default="auto", show_default=True)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report."
)
def bench(
    *,
    benchmarks: tuple[str, ...],
    board: str | None,
    image: Path | None,
    base: int | None,
    inputs: tuple[Path, ...],
    model: Path | None,
    count: int | None,
    mode: str,
    layers: bool,
    what_if: tuple[str, ...],
    clocks: tuple[str, ...],
    bands: Path | None,
    timing: str | None,
    hook: str,
    json_file: Path | None,
) -> None:
    """Run benchmarks (kws, vww, ic, ad; default: all) and report instructions, cycles, latency.

    The host's part of the benchmark's serial protocol is played against the emulated board.
    Every figure is simulated and unofficial.
    """
    from benches.cli.bench_run import BenchOptions, run_bench  # noqa: PLC0415 - keeps --help fast
    from benches.measure.changes import parse_hertz  # noqa: PLC0415

    if mode == "energy":
        from benches.cli.bench_energy import run_energy_bench as run_mode  # noqa: PLC0415
    else:
        run_mode = run_bench
    run_mode(
        BenchOptions(
            benchmarks=tuple(find(name) for name in benchmarks),
            board=board,
            image=image,
            base=base,
            inputs=inputs,
            model=model,
            count=count,
            accuracy=mode == "accuracy",
            layers=layers,
            what_if=what_if,
            clocks_hz=tuple(dict.fromkeys(parse_hertz(clock) for clock in clocks)),
            bands=bands,
            timing=timing or ("count" if mode == "accuracy" else "memory"),
            hook=hook,
            json_file=json_file,
        )
    )
