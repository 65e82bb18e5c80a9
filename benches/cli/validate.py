"""``boardless validate``: modelled against published latencies of a catalogue's images."""

from __future__ import annotations

from pathlib import Path

import click

from benches.cli.many_values import ManyValuesCommand


@click.command(cls=ManyValuesCommand, many_values=("--images",))
@click.option(
    "--catalog",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV or TOML of images with published latencies. [default: the development images]",
)
@click.option(
    "--images",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    metavar="DIR...",
    help="Folders that hold the images: checkouts, or bare git directories.",
)
@click.option(
    "--update-bands",
    "bands_file",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Write the measured error bands that `boardless bench` shows. [default: the project's own file]",
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Rows at once.")
@click.option("--timing", type=click.Choice(["memory", "core", "count"]), default="memory", show_default=True)
@click.option("--hook", type=click.Choice(["auto", "native", "python"]), default="auto", show_default=True)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report."
)
def validate(
    *,
    catalog: Path | None,
    images: tuple[Path, ...],
    bands_file: str | None,
    jobs: int,
    timing: str,
    hook: str,
    json_file: Path | None,
) -> None:
    """Run published benchmark images and print modelled against published cycles.

    Each image gets a synthetic input of the right size. Rows whose image is in no folder are
    counted and named. Every modelled figure is simulated and unofficial.
    """
    from benches.cli.validate_run import ValidateOutputs, run_validate  # noqa: PLC0415 - keeps --help fast
    from benches.error_bands import shipped_bands_file  # noqa: PLC0415
    from benches.validate import ValidateOptions  # noqa: PLC0415

    run_validate(
        catalog,
        ValidateOptions(images, timing, hook),
        jobs,
        ValidateOutputs(json_file, None if bands_file is None else Path(bands_file or shipped_bands_file())),
    )
