"""``boardless validate``: modelled against published latencies of a catalogue's images."""

from __future__ import annotations

from pathlib import Path

import click

from benches.cli.jobs_option import jobs_option
from benches.cli.many_values import ManyValuesCommand
from emulator.cli.options import hook_option, json_option
from emulator.cli.parameter_types import InputFile, InputFolder, OutputTarget
from emulator.files import OutputFile

OWN_FILE = "the project's own file"


class BandsTarget(OutputTarget):
    """A file for error bands; without a name the project's own."""

    def take(self, value: object) -> OutputFile:
        """Raise UsageError when it can't be written."""
        from benches.silicon.error_bands import shipped_bands_file  # noqa: PLC0415 - keeps --help fast

        return super().take(shipped_bands_file() if value == OWN_FILE else value)


@click.command(cls=ManyValuesCommand, many_values=("--images",))
@click.option(
    "--catalog",
    type=InputFile(),
    metavar="FILE",
    help="CSV or TOML of images with published latencies. [default: the development images]",
)
@click.option(
    "--images",
    type=InputFolder(),
    multiple=True,
    metavar="DIR...",
    help="Folders that hold the images: checkouts, or bare git directories.",
)
@click.option(
    "--update-bands",
    "bands_file",
    type=BandsTarget("the file of error bands"),
    is_flag=False,
    flag_value=OWN_FILE,
    metavar="[FILE]",
    help="Write the error bands that `boardless bench` shows, of left-out images (so with --leave-one-out). "
    "[default: the project's own file]",
)
@click.option(
    "--assembly", is_flag=True, help="The catalogue is of assembly functions. [default: our micro-kernels]"
)
@click.option(
    "--leave-one-out",
    is_flag=True,
    help="Refit the fitted constants without each family of images (minutes), and judge the family by that.",
)
@click.option("--fit-report", is_flag=True, help="Which stall causes go together with the remaining error.")
@click.option("--require-all", is_flag=True, help="An image that is in no folder fails the check.")
@jobs_option("Rows")
@click.option("--timing", type=click.Choice(["memory", "core", "count"]), default="memory", show_default=True)
@hook_option
@json_option
def validate(
    *,
    catalog: Path | None,
    images: tuple[Path, ...],
    bands_file: OutputFile | None,
    assembly: bool,
    leave_one_out: bool,
    fit_report: bool,
    require_all: bool,
    jobs: int,
    timing: str,
    hook: str,
    json_file: OutputFile | None,
) -> None:
    """Run published benchmark images and print modelled against published cycles.

    Each image gets a synthetic input of the right size. Rows whose image is in no folder are
    counted and named; with no image at all the exit code is 2. With --assembly functions of ELFs
    are called instead, and their cycles compared. With --leave-one-out the constants that were fitted
    to published images are fitted anew without each family (submitter and network). Every modelled
    figure is simulated and unofficial.
    """
    from benches.cli.validate_run import ValidateOutputs, run_validate  # noqa: PLC0415 - keeps --help fast
    from benches.silicon.validate import ValidateOptions  # noqa: PLC0415

    if assembly:
        if bands_file is not None or fit_report or leave_one_out:
            raise click.UsageError(
                "--leave-one-out, --update-bands and --fit-report are about images, not about --assembly"
            )
        from benches.assembly.run import AssemblyOptions  # noqa: PLC0415
        from benches.cli.assembly_run import run_validate_assembly  # noqa: PLC0415

        run_validate_assembly(
            catalog, AssemblyOptions(images, timing, hook), json_file, require_all=require_all
        )
        return
    run_validate(
        catalog,
        ValidateOptions(images, timing, hook, causes=fit_report),
        jobs,
        ValidateOutputs(
            json_file,
            bands_file,
            fit_report,
            require_all,
            leave_one_out=leave_one_out or bands_file is not None,
        ),
    )
