"""What ``boardless check`` does once its options are parsed."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from benches.cli.measuring import died, measure
from benches.gate.baseline import read_baseline, write_baseline
from benches.gate.bisection import bisect
from benches.gate.figures import Figures
from benches.gate.forms.annotations import github as github_lines
from benches.gate.forms.annotations import gitlab as gitlab_entries
from benches.gate.forms.asv import write_asv
from benches.gate.forms.junit import junit as junit_text
from benches.gate.forms.markdown import markdown as markdown_text
from benches.gate.forms.trackers import bencher as bencher_metrics
from benches.gate.forms.trackers import smaller_is_better as smaller_rows
from benches.gate.forms.verdict_json import verdict_json
from benches.gate.git import head
from benches.gate.specification import Specification, find_specification, read_specification
from benches.gate.verdict import MeasurementVerdict, State, Verdict, judge, part_words, shown, words_of
from benches.measure.process_pool import each_done
from emulator.errors import EXIT_USAGE, CheckFailed, UsageError
from emulator.files import OutputFile
from emulator.reporting.questions import UNOFFICIAL


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The command's options, parsed."""

    specification: Path | None
    update: bool = False
    only: tuple[str, ...] = ()
    jobs: int = 1
    baseline: OutputFile | None = None
    bisect: str | None = None
    build: str | None = None
    junit: OutputFile | None = None
    markdown: OutputFile | None = None
    github: bool = False
    gitlab: OutputFile | None = None
    smaller_is_better: OutputFile | None = None
    bencher: OutputFile | None = None
    asv: Path | None = None
    json_file: OutputFile | None = None

    @property
    def console_is_a_file(self) -> bool:
        """Standard output belongs to a report."""
        files = (self.markdown, self.json_file)
        return any(file is not None and file.is_standard_output for file in files)


def run_check(options: CheckOptions) -> None:
    """Measure, judge, print, write. Ends the command with the verdict's code."""
    file = options.specification or find_specification(Path())
    if options.bisect is not None or options.build is not None:
        _bisect(options, file)
        return
    whole = read_specification(file)
    if options.baseline is not None:
        whole = replace(whole, baseline=options.baseline.path)
    specification = _chosen(whole, options.only)
    baseline = read_baseline(whole.baseline)
    target = OutputFile(whole.baseline, "the baseline")
    if options.update:
        target.try_out()
    commit = None if options.asv is None else head(file.resolve().parent)
    found, problems = _measure(specification, options.jobs)
    if options.update:
        write_baseline(target, found, baseline, [m.name for m in whole.measurements])
        baseline = read_baseline(whole.baseline)
    verdict = judge(specification, found, problems, baseline)
    _write(options, verdict, file)
    if options.asv is not None and commit is not None:
        write_asv(options.asv, verdict, commit)
    if not options.console_is_a_file:
        _print(verdict, whole, updated=options.update)
    if options.github:
        click.echo(github_lines(verdict), nl=False)
    _require_open(verdict, file)


def _bisect(options: CheckOptions, file: Path) -> None:
    """Find the first commit that got worse. Raises CheckFailed with it, UsageError when nobody can tell."""
    if options.bisect is None or options.build is None:
        raise UsageError(
            "--bisect and --build go together",
            next_step="--bisect GOOD..BAD --build 'make' builds and measures the commits between the two",
        )
    read_specification(file)
    chosen = [word for name in options.only for word in ("--only", name)]
    found = bisect(
        file,
        options.bisect,
        options.build,
        lambda specification, baseline: [
            *(sys.executable, "-m", "boardless", "check", str(specification), "--baseline", str(baseline)),
            *("--jobs", str(options.jobs), *chosen),
        ],
    )
    if found is None:
        click.echo(f"nothing got worse in {options.bisect}")
        return
    click.echo(found.verdict, nl=False)
    raise CheckFailed(f"{found.commit} is the first that got worse", where=options.bisect)


def _require_open(verdict: Verdict, file: Path) -> None:
    """Raise :class:`CheckFailed` for a gate that closes."""
    if verdict.exit_code == EXIT_USAGE:
        missing = sum(bool(item.problem) + len(item.unchecked) for item in verdict.measurements)
        raise CheckFailed(
            f"{missing} could not be checked",
            where=str(file),
            next_step="what can be measured and has no baseline: `boardless check --update`; commit the file",
            exit_code=EXIT_USAGE,
        )
    if verdict.exit_code:
        worse = [f"{m.name} {item.figure}" for m in verdict.measurements for item in m.regressions]
        raise CheckFailed(
            f"{len(worse)} got worse: {', '.join(worse)}",
            where=str(file),
            next_step="if that is meant, `boardless check --update` makes it the new baseline",
        )


def _chosen(specification: Specification, only: tuple[str, ...]) -> Specification:
    names = [measurement.name for measurement in specification.measurements]
    for name in only:
        if name not in names:
            raise UsageError(
                f"there is no measurement {name!r}",
                where="--only",
                next_step=f"there are: {', '.join(names)}",
            )
    chosen = tuple(m for m in specification.measurements if not only or m.name in only)
    return replace(specification, measurements=chosen)


def _measure(specification: Specification, jobs: int) -> tuple[dict[str, Figures], dict[str, str]]:
    """Figures and problems, by measurement."""
    found: dict[str, Figures] = {}
    problems: dict[str, str] = {}
    measurements = specification.measurements
    for index, outcome in each_done(measurements, measure, died, min(jobs, len(measurements))):
        name = measurements[index].name
        if isinstance(outcome, Figures):
            found[name] = outcome
        else:
            problems[name] = outcome
    return found, problems


def _write(options: CheckOptions, verdict: Verdict, file: Path) -> None:
    texts = ((options.junit, junit_text), (options.markdown, markdown_text))
    documents = (
        (options.gitlab, partial(gitlab_entries, specification=str(file))),
        (options.smaller_is_better, smaller_rows),
        (options.bencher, bencher_metrics),
        (options.json_file, verdict_json),
    )
    for output, make_text in texts:
        if output is not None:
            output.write_text(make_text(verdict))
    for output, make_document in documents:
        if output is not None:
            output.write_json(make_document(verdict))


def _print(verdict: Verdict, specification: Specification, *, updated: bool) -> None:
    for measurement in verdict.measurements:
        click.echo("\n".join(_lines(measurement)))
    if updated:
        click.echo(f"written: {specification.baseline}")
    click.echo(_last(verdict))
    click.echo(UNOFFICIAL)


def _lines(measurement: MeasurementVerdict) -> list[str]:
    if measurement.figures is None:
        return [
            f"{measurement.name}: not measured",
            *(f"  {line}" for line in measurement.problem.splitlines()),
        ]
    figures = measurement.figures
    lines = [f"{measurement.name}: {figures.title}, {figures.image} on {figures.board}"]
    lines += [f"  note: {note}" for note in measurement.notes]
    same = [item.figure for item in measurement.judged if item.state is State.SAME]
    lines += [f"  {words_of(item)}" for item in shown(measurement.judged) if item.state is not State.SAME]
    lines += [f"    {part_words(change)}" for change in measurement.changes]
    return [*lines, f"  same: {', '.join(same)}"] if same else lines


def _last(verdict: Verdict) -> str:
    worse = sum(len(item.regressions) for item in verdict.measurements)
    better = sum(len(item.improvements) for item in verdict.measurements)
    return f"{worse} worse, {better} better"
