"""``boardless sweep``: one measurement over images, boards, parameters, compilers and inputs."""

from __future__ import annotations

from pathlib import Path

import click

from benches.cli.jobs_option import jobs_option
from emulator.cli.command import Command
from emulator.cli.parameter_types import Count, InputFile, OutputPlace, OutputTarget, json_target
from emulator.files import OutputFile


@click.command(cls=Command)
@click.argument("specification", type=InputFile(), metavar="SPEC.toml")
@jobs_option("Measurements")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Measure on a Dask cluster instead (pip install 'boardless[cluster]').",
)
@click.option(
    "--cache",
    "cache",
    type=OutputPlace(),
    metavar="DIR",
    help="Where results are kept. [default: .boardless-cache beside SPEC.toml]",
)
@click.option("--no-cache", is_flag=True, help="Measure everything, and keep nothing.")
@click.option("--csv", "csv_file", type=OutputTarget("the table"), help="Write the table as CSV.")
@click.option(
    "--parquet",
    "parquet_file",
    type=OutputTarget("the table"),
    help="Write it as Apache Parquet (pip install 'boardless[parquet]').",
)
@click.option("--json", "json_file", type=json_target(), help="Write everything as JSON.")
@click.option(
    "--plot",
    "plot_file",
    type=OutputTarget("the picture"),
    help="Draw --y over --x as SVG, PNG or PDF (pip install 'boardless[plots]').",
)
@click.option(
    "--heat",
    "heat_file",
    type=OutputTarget("the picture"),
    help="Draw --y as a map of the axes --x and --by.",
)
@click.option("--x", metavar="NAME", help="A figure or an axis. [default: flash; of a map the first axis]")
@click.option("--y", metavar="FIGURE", default="latency", show_default=True, help="What is drawn.")
@click.option("--by", metavar="AXIS", help="The axis of colours; of a map the second. [default: of a map]")
@click.option("--best", metavar="FIGURE", help="Show the cells with the best latency, cycles, energy, ...")
@click.option(
    "--under", multiple=True, metavar="FIGURE=LIMIT", help="Of those with at most this: --under ram=64K."
)
@click.option(
    "--over", multiple=True, metavar="FIGURE=LIMIT", help="Of those with at least this: --over throughput=30."
)
@click.option(
    "--every",
    multiple=True,
    metavar="AXIS",
    help="The limits must hold for all values of this axis; figures are the worst of them.",
)
@click.option("--top", type=Count(), default=5, show_default=True, help="So many of the best.")
def sweep(
    *,
    specification: Path,
    jobs: int,
    scheduler: str | None,
    cache: Path | None,
    no_cache: bool,
    csv_file: OutputFile | None,
    parquet_file: OutputFile | None,
    json_file: OutputFile | None,
    plot_file: OutputFile | None,
    heat_file: OutputFile | None,
    x: str | None,
    y: str,
    by: str | None,
    best: str | None,
    under: tuple[str, ...],
    over: tuple[str, ...],
    every: tuple[str, ...],
    top: int,
) -> None:
    """Measure every combination of what SPEC.toml lists, and put them into one table.

    What was measured is kept: a sweep that was interrupted, or that got another value, goes on from there.
    Exit code 1: a cell could not be measured (its row says why), or none is --best; else 0. Every figure is
    simulated and unofficial.
    """
    from benches.cli.sweep_run import SweepOptions, run  # noqa: PLC0415 - keeps --help fast

    run(
        SweepOptions(
            specification,
            jobs=jobs,
            scheduler=scheduler,
            cache=cache,
            no_cache=no_cache,
            csv_file=csv_file,
            parquet_file=parquet_file,
            json_file=json_file,
            plot_file=plot_file,
            heat_file=heat_file,
            x=x,
            y=y,
            by=by,
            best=best,
            under=under,
            over=over,
            every=every,
            top=top,
        )
    )
