"""Goes over a sweep: what is kept is taken, the rest is done at once on cores or a cluster, and all is kept.

The outcome depends on the specification and the files that it names alone: not on how many work, in which
order they end, or how often a sweep was interrupted.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from benches.sweep.jobs import Answer, BuildJob, Firmware, Job, MeasureJob, NamedBytes, Result, failed
from benches.sweep.preparation import Preparation, Prepared
from benches.sweep.specification import Sweep
from benches.sweep.store import Store
from emulator.errors import BoardlessError

MOST_WINDOWS = 16
"""Of one job: a machine with more windows is given to several workers."""
INTERRUPTED = "interrupted before it was measured"
BUILT_IMAGE = "firmware.elf"

Tell = Callable[[str], None]


class Doer(Protocol):
    """Does jobs somewhere: (number, answer) as they are done, those that it can't do left out."""

    def __call__(self, jobs: Mapping[int, Job], tell: Tell) -> Iterator[tuple[int, Answer]]:
        """``tell``: what happened on the way."""


class Progress(Protocol):
    """Who is told how far a sweep is."""

    def begin(self, doing: str, total: int, done: int) -> None:
        """So many measurements, or builds, will be; ``done`` of them are there already."""

    def advance(self, many: int) -> None:
        """So many more."""


@dataclass(slots=True)
class Outcome:
    """What became of each cell, in the specification's order.

    ``kept``: how many measurements were taken from the store, of ``measured`` in all.
    """

    results: list[Result]
    prepared: list[Prepared | None]
    notes: list[str] = field(default_factory=list)
    measured: int = 0
    kept: int = 0
    interrupted: bool = False


def run_sweep(
    sweep: Sweep, store: Store, doers: Sequence[Doer], builder: Doer, progress: Progress
) -> Outcome:
    """Measure all cells. Ctrl-C ends early: cells that are not done say so.

    ``doers``: what one can't do the next one does. ``builder`` builds firmware. Raises the error of the first
    cell when no cell can be prepared.
    """
    results, prepared = _prepared(sweep)
    outcome = Outcome(results, prepared)
    try:
        _build(outcome, store, builder, progress)
        _measure(outcome, store, doers, progress)
    except KeyboardInterrupt:
        outcome.interrupted = True
    outcome.notes += store.notes
    return outcome


def _prepared(sweep: Sweep) -> tuple[list[Result], list[Prepared | None]]:
    """What each cell needs, and for those that can't have it the reason."""
    preparation = Preparation(sweep)
    results: list[Result] = []
    prepared: list[Prepared | None] = []
    first: BoardlessError | None = None
    for cell in sweep.cells:
        try:
            prepared.append(preparation.prepare(cell))
            results.append({"failure": INTERRUPTED})
        except BoardlessError as error:
            first = first or error
            prepared.append(None)
            results.append({"failure": str(error)})
    if first is not None and not any(prepared):
        raise first
    return results, prepared


def _build(outcome: Outcome, store: Store, builder: Doer, progress: Progress) -> None:
    """Put images where builds were; a cell whose build failed has its reason."""
    builds = {item.build.key: item.build for item in outcome.prepared if item is not None and item.build}
    found = {key: result for key in builds if (result := store.find(key)) is not None}
    jobs: dict[int, Job] = dict(enumerate(job for key, job in builds.items() if key not in found))
    if jobs:
        progress.begin("building", len(builds), len(found))
    for number, answer in builder(jobs, outcome.notes.append):
        job = jobs[number]
        assert isinstance(job, BuildJob)
        (found[job.key],) = answer.results
        if "elf" in found[job.key]:
            store.keep(job.key, found[job.key])
        progress.advance(1)
    for index, item in enumerate(outcome.prepared):
        if item is None or item.build is None:
            continue
        built = found.get(item.build.key, {"failure": INTERRUPTED})
        if "elf" in built:
            image = NamedBytes(BUILT_IMAGE, base64.b64decode(built["elf"]))
            outcome.prepared[index] = replace(item, firmware=Firmware(image), build=None)
        else:
            outcome.results[index] = built
            outcome.prepared[index] = None


def _measure(outcome: Outcome, store: Store, doers: Sequence[Doer], progress: Progress) -> None:
    cells, machines = _by_key(outcome.prepared)
    missing: dict[str, MeasureJob] = {}
    for key, job in machines.items():
        result = store.find(key)
        if result is None:
            missing[key] = job
        for cell in cells[key] if result is not None else ():
            outcome.results[cell] = result or {}
    outcome.measured, outcome.kept = len(machines), len(machines) - len(missing)
    jobs, keys = _jobs(missing)
    if jobs:
        progress.begin("measuring", outcome.measured, outcome.kept)
    left: dict[int, Job] = dict(enumerate(jobs))
    for do in doers:
        for number, answer in do(dict(left), outcome.notes.append) if left else ():
            del left[number]
            for key, result in zip(keys[number], answer.results, strict=True):
                if "figures" in result:
                    store.keep(key, result)
                for cell in cells[key]:
                    outcome.results[cell] = result
            progress.advance(len(keys[number]))
    for number, undone in left.items():
        for key, result in zip(keys[number], failed(undone, "nobody could do it"), strict=True):
            for cell in cells[key]:
                outcome.results[cell] = result


def _by_key(prepared: Sequence[Prepared | None]) -> tuple[dict[str, list[int]], dict[str, MeasureJob]]:
    """Cells by the measurement that they share (those that differ in their clock alone do), and its job."""
    cells: dict[str, list[int]] = {}
    jobs: dict[str, MeasureJob] = {}
    known: dict[tuple[object, ...], str] = {}
    for number, item in enumerate(prepared):
        if item is None or item.firmware is None:
            continue
        same = (id(item.board), item.firmware, item.timing, item.window, repr(item.window.arguments))
        if same not in known:
            job = MeasureJob(item.firmware, item.board, item.pins, item.timing, (item.window,))
            known[same] = job.key(item.window)
            jobs.setdefault(known[same], job)
        cells.setdefault(known[same], []).append(number)
    return cells, jobs


def _jobs(single: Mapping[str, MeasureJob]) -> tuple[list[MeasureJob], list[list[str]]]:
    """Jobs of one window each, put together by machine and begin; of each the keys of its windows."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for key, job in single.items():
        machine = (job.firmware, id(job.board), job.pins, job.timing, job.windows[0].begin)
        groups.setdefault(machine, []).append(key)
    jobs: list[MeasureJob] = []
    keys: list[list[str]] = []
    for group in groups.values():
        for first in range(0, len(group), MOST_WINDOWS):
            part = group[first : first + MOST_WINDOWS]
            windows = tuple(window for key in part for window in single[key].windows)
            job = single[part[0]]
            jobs.append(replace(job, windows=windows))
            keys.append(part)
    return jobs, keys
