"""``boardless check``: hold a build's figures against a baseline and limits."""

from __future__ import annotations

from pathlib import Path

import click

from benches.cli.jobs_option import jobs_option
from emulator.cli.command import Command
from emulator.cli.parameter_types import InputFile, OutputPlace, OutputTarget, json_target
from emulator.files import OutputFile


@click.command(cls=Command)
@click.argument("specification", type=InputFile(), required=False, metavar="[SPEC.toml]")
@click.option(
    "--update", is_flag=True, help="Write the baseline from what is measured now; limits still count."
)
@click.option(
    "--only", multiple=True, metavar="NAME", help="Measure this one alone. May be given several times."
)
@jobs_option("Measurements")
@click.option(
    "--baseline",
    type=OutputTarget("the baseline"),
    help="Compare with this file instead. [default: what SPEC.toml names, or boardless.baseline beside it]",
)
@click.option(
    "--bisect",
    metavar="GOOD..BAD",
    help="Find the first of these commits whose build got worse than GOOD's, with git bisect. Needs --build.",
)
@click.option("--build", metavar="COMMAND", help="How --bisect builds a commit, where SPEC.toml lies.")
@click.option("--junit", type=OutputTarget("the report"), help="Write JUnit XML.")
@click.option(
    "--markdown",
    type=OutputTarget("the summary", standard_output=True),
    help="Write Markdown, for GitHub's step summary or a comment; - is standard output.",
)
@click.option(
    "--github", is_flag=True, help="Mark source lines: GitHub's workflow commands, on standard output."
)
@click.option("--gitlab", type=OutputTarget("the report"), help="Write GitLab's code quality report.")
@click.option(
    "--smaller-is-better",
    type=OutputTarget("the figures"),
    help="Write customSmallerIsBetter JSON, for github-action-benchmark.",
)
@click.option("--bencher", type=OutputTarget("the figures"), help="Write Bencher's metric format.")
@click.option(
    "--asv",
    type=OutputPlace(),
    metavar="DIR",
    help="Add the figures, by commit, to this results directory of airspeed velocity.",
)
@click.option("--json", "json_file", type=json_target(), help="Write everything as JSON.")
def check(
    *,
    specification: Path | None,
    update: bool,
    only: tuple[str, ...],
    jobs: int,
    baseline: OutputFile | None,
    bisect: str | None,
    build: str | None,
    junit: OutputFile | None,
    markdown: OutputFile | None,
    github: bool,
    gitlab: OutputFile | None,
    smaller_is_better: OutputFile | None,
    bencher: OutputFile | None,
    asv: Path | None,
    json_file: OutputFile | None,
) -> None:
    """Measure what SPEC.toml lists, and compare it with the baseline and the limits.

    Without SPEC.toml: boardless.toml of this folder, or [tool.boardless] of its pyproject.toml. Exit code 1:
    something got worse; 2: something could not be measured or compared; else 0. Every figure is simulated
    and unofficial.
    """
    from benches.cli.check_run import CheckOptions, run_check  # noqa: PLC0415 - keeps --help fast

    run_check(
        CheckOptions(
            specification,
            update=update,
            only=only,
            jobs=jobs,
            baseline=baseline,
            bisect=bisect,
            build=build,
            junit=junit,
            markdown=markdown,
            github=github,
            gitlab=gitlab,
            smaller_is_better=smaller_is_better,
            bencher=bencher,
            asv=asv,
            json_file=json_file,
        )
    )
