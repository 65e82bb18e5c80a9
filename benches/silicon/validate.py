"""Modelled against published latencies: a catalogue's images, played one by one.

Every image boots on its board, gets a synthetic input of the right size, and runs two
windows, the second longer; a row says what the difference took beside what the real board
gave. A row that fails is a row with a status and a detail. The summary per core stands
beside a baseline that knows nothing of pipelines or memories: one constant number of cycles
per instruction, fitted to the very rows that it is judged on.
"""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from benches.measure.performance import GoldenReport, MeasuredWindow, PerformanceSession
from benches.silicon.catalog import CatalogRow
from benches.silicon.error_figures import ErrorFigures, error_figures
from benches.silicon.image_sources import FoundImage, PublishedRow, find_image
from benches.silicon.row_figure import RowFigure
from benches.silicon.situation import Situation
from benches.suite.benchmarks import Benchmark, find
from benches.suite.input_files import InputData
from emulator.errors import BoardlessError

if TYPE_CHECKING:
    from emulator.board.model import Board
    from emulator.machine.energy import EnergyMeter
    from emulator.machine.machine import Machine

OK, FAILED, ABSENT, NOT_RUN = "ok", "failed", "absent", "not run"
WINDOW_MS = 10.0
"""A window is at least so long: a time stamp's microsecond is then 0.01 % of it."""
ENERGY_WINDOW_MS = 500.0
"""Energy images print no time stamps: windows end with characters at 9600 baud."""
MOST_INFERENCES = 500
CLOCK_TOLERANCE = 0.001
Row = TypeVar("Row", bound=PublishedRow)


@dataclass(frozen=True, slots=True)
class ValidatedRow:
    """One catalogue row with what the model gave. Cycles and instructions are per inference.

    ``modelled_cycles`` are counted between the firmware's two reads of its timer,
    ``device_cycles`` are the time stamps' difference times the core clock, ``ratio`` is
    modelled over published; the energies, microjoules per inference, stand in rows with a published one
    whose board has an energy model. ``host_s`` and ``board_s``: the host's and the board's seconds for
    ``inferences``. Of all these, what one window has beyond another. ``cycles_by_cause``: the CPI
    stack of one inference, scaled to ``modelled_cycles``, when it was asked for.
    ``streaming``: the figures of streaming wake word, which has none of these.
    ``situation``: in which it was measured, of rows in performance mode with memory timing; the file of
    error bands has it, reports do not. ``status``: "ok", "failed", "absent" or "not run".
    """

    version: str
    submitter: str
    system: str
    benchmark: str
    mode: str
    board: str
    core: str
    path: str
    published_cycles: int | None = None
    modelled_cycles: int | None = None
    device_cycles: int | None = None
    instructions: int | None = None
    ratio: float | None = None
    published_energy_uj: float | None = None
    modelled_energy_uj: float | None = None
    energy_ratio: float | None = None
    clock_hz: int | None = None
    device_latency_us: float | None = None
    published_latency_us: float | None = None
    inferences: int | None = None
    host_s: float | None = None
    board_s: float | None = None
    total_s: float | None = None
    cycles_by_cause: dict[str, float] | None = None
    situation: Situation | None = None
    streaming: tuple[RowFigure, ...] = ()
    status: str = NOT_RUN
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """The row as it stands under ``rows``."""
        return asdict(replace(self, situation=None))


@dataclass(frozen=True, slots=True)
class CoreSummary:
    """One core's errors, and those of the baseline with its fitted cycles per instruction."""

    figures: ErrorFigures
    baseline_cpi: float
    baseline: ErrorFigures

    def as_json(self) -> dict[str, Any]:
        """The core's entry under ``summary``."""
        return {**asdict(self.figures), "baseline": {"cpi": self.baseline_cpi, **asdict(self.baseline)}}


@dataclass(frozen=True, slots=True)
class ValidateOptions:
    """How rows are run.

    ``causes``: also the CPI stack of rows in performance mode; ``situations``: also in which each was run.
    """

    folders: tuple[Path, ...] = ()
    timing: str = "memory"
    hook: str = "auto"
    causes: bool = False
    situations: bool = False


def validate_row(row: CatalogRow, options: ValidateOptions) -> ValidatedRow:
    """Run one row. Never raises but for an interruption: what went wrong is in the row."""
    return run_found(row, options, _run_row, blank_row)


def run_found(
    row: Row,
    options: ValidateOptions,
    run: Callable[[Row, FoundImage, ValidateOptions], ValidatedRow],
    blank: Callable[[Row, str, str], ValidatedRow],
) -> ValidatedRow:
    """Run a row with its image, or say in a blank row why not. Never raises but for an interruption."""
    started = time.perf_counter()
    found = find_image(row, options.folders)
    if found is None:
        return blank(row, ABSENT, f"{row.path} is in none of the folders")
    try:
        result = run(row, found, options)
    except BoardlessError as error:
        result = blank(row, FAILED, str(error).splitlines()[0])
    except Exception as error:  # noqa: BLE001 - one broken row must not end the table
        result = blank(row, FAILED, f"internal error: {type(error).__name__}: {error}")
    return replace(result, total_s=time.perf_counter() - started)


def blank_row(row: CatalogRow, status: str, detail: str) -> ValidatedRow:
    """A row without figures of ours."""
    return ValidatedRow(
        version=row.version,
        submitter=row.submitter,
        system=row.system,
        benchmark=row.benchmark,
        mode=row.mode,
        board=row.board,
        core=row.core,
        path=row.path,
        published_cycles=row.published_cycles or (round(row.cycles_at(0)) or None),
        published_latency_us=row.published_latency_ms * 1e3,
        published_energy_uj=row.published_energy_uj,
        status=status,
        detail=detail,
    )


def _run_row(row: CatalogRow, found: FoundImage, options: ValidateOptions) -> ValidatedRow:
    machine = machine_of(row, found, row.board, options.timing, options.hook)
    from benches.silicon.run_situation import counter_of, situation_of_window  # noqa: PLC0415 - loads the engine

    wants_situation = options.situations and row.mode == "performance"
    meter = meter_for(row.published_energy_uj, machine)
    session = PerformanceSession(machine, counts=counter_of(machine) if wants_situation else None)
    benchmark = find(row.benchmark)
    session.expect(benchmark)
    inferences = inferences_of(row)
    item = [synthetic_input(benchmark)]
    short, long = (session.measure(item, n, 1, GoldenReport()).windows[0] for n in (1, 1 + inferences))
    window = _without_printing(short, long)
    measured = _measured_row(row, found, machine.board.core, window)
    if meter is not None:
        measured = _with_energy(measured, machine, meter, short, long)
    if long.passed is not None:
        measured = replace(measured, situation=situation_of_window(machine, long, long.passed))
    if not options.causes or row.mode != "performance":
        return measured
    return replace(measured, cycles_by_cause=_causes(row, found, options, window.cycles))


def meter_for(published: float | None, machine: Machine) -> EnergyMeter | None:
    """A meter where there is a published figure to hold its reading against, and a model of the board."""
    if not published or machine.board.energy is None:
        return None
    from benches.measure.window_energy import metered  # noqa: PLC0415 - loads the engine

    return metered(machine)


def _with_energy(
    row: ValidatedRow, machine: Machine, meter: EnergyMeter, short: MeasuredWindow, long: MeasuredWindow
) -> ValidatedRow:
    """What the longer window drew beyond the shorter, per inference; no energy without time stamps."""
    from benches.measure.window_energy import joules_between, stamps_of  # noqa: PLC0415 - loads the engine

    part, whole = stamps_of(machine, short.window), stamps_of(machine, long.window)
    if part is None or whole is None or not row.inferences or not row.published_energy_uj:
        return row
    joules = joules_between(meter, *whole) - joules_between(meter, *part)
    microjoules = joules / row.inferences * 1e6
    return replace(row, modelled_energy_uj=microjoules, energy_ratio=microjoules / row.published_energy_uj)


class LoadedRow(Protocol):
    """The part of a catalogue's row that says what its image is called, and where a raw one goes."""

    @property
    def path(self) -> str:
        """In the round's results repository."""

    @property
    def base(self) -> int | None:
        """Address of a raw binary whose board has several."""


def inferences_of(row: CatalogRow) -> int:
    """So many inferences the longer window has beyond the shorter."""
    least_ms = ENERGY_WINDOW_MS if row.mode == "energy" else WINDOW_MS
    return min(MOST_INFERENCES, math.ceil(least_ms / row.published_latency_ms))


def machine_of(
    row: LoadedRow, found: FoundImage, board: Board | str, timing: str = "memory", hook: str = "auto"
) -> Machine:
    """A machine with a row's image loaded. Raises BoardlessError."""
    from emulator.machine.machine import Machine  # noqa: PLC0415 - loads the engine

    machine = Machine(board, timing=timing, hook=hook)
    with tempfile.TemporaryDirectory(prefix="boardless-") as folder:
        path = Path(folder) / Path(row.path).name
        path.write_bytes(found.data)
        machine.load(path, base=row.base)
    return machine


def _causes(row: CatalogRow, found: FoundImage, options: ValidateOptions, cycles: int) -> dict[str, float]:
    """The CPI stack of one inference without its waiting, scaled to the row's cycles."""
    from benches.measure.profiled_window import profile_inference  # noqa: PLC0415 - loads the engine

    machine = machine_of(row, found, row.board, options.timing, options.hook)
    stack = profile_inference(machine, lambda session: synthetic_input(session.benchmark)).profile.stack
    return {key.label: count * cycles / stack.total for key, count in stack.items()}


def synthetic_input(benchmark: Benchmark) -> InputData:
    """An input of the benchmark's size and kind that depends on nothing but the benchmark."""
    from benches.synthetic import TEST_SEED, make_dataset  # noqa: PLC0415 - needs numpy

    sample = make_dataset(find(benchmark.dataset_name).name, 1, TEST_SEED)[0]
    return InputData(sample.name, sample.data[: benchmark.input_bytes])


def _without_printing(short: MeasuredWindow, long: MeasuredWindow) -> MeasuredWindow:
    """What the inferences take that ``long`` has beyond ``short``.

    Firmware reads its timer, prints the first time stamp and only then begins, so that every
    window also holds the sending of a line: 1.5 ms at 115200 baud. In a published window of
    10 s or more that is nothing; in one of few inferences it is not.
    """
    whole, part = long.window, short.window
    counts = whole.counts.since(part.counts) if whole.counts is not None and part.counts is not None else None
    stop_us = None
    if whole.start_us is not None and whole.elapsed_us is not None and part.elapsed_us is not None:
        stop_us = whole.start_us + whole.elapsed_us - part.elapsed_us
    host_s = whole.host_s - part.host_s if whole.host_s is not None and part.host_s is not None else None
    inferences = whole.inferences - part.inferences
    window = replace(whole, inferences=inferences, counts=counts, stop_us=stop_us, host_s=host_s)
    return replace(long, window=window)


def _measured_row(row: CatalogRow, found: FoundImage, core: str, item: MeasuredWindow) -> ValidatedRow:
    published = row.cycles_at(item.clock_hz)
    inferences = item.window.inferences
    remarks = []
    if row.mhz is not None and abs(item.clock_hz / (row.mhz * 1e6) - 1) > CLOCK_TOLERANCE:
        remarks.append(f"runs at {item.clock_hz / 1e6:g} MHz, published at {row.mhz:g} MHz")
    if row.sha256 and found.sha256 != row.sha256:
        remarks.append(f"{found.origin} is not the catalogue's image (SHA-256 {found.sha256[:12]}...)")
    if item.window.latency_us is None:
        remarks.append("no time stamps in energy mode: measured between the lines around the window")
    return replace(
        blank_row(row, OK, "; ".join(remarks)),
        core=core,
        published_cycles=round(published),
        modelled_cycles=item.cycles,
        device_cycles=item.device_cycles,
        instructions=item.instructions,
        ratio=item.cycles / published,
        clock_hz=item.clock_hz,
        device_latency_us=item.window.latency_us,
        inferences=inferences,
        host_s=item.window.host_s,
        board_s=item.latency_us * inferences / 1e6,
    )


# -- the summary -------------------------------------------------------------------------
def summarize(rows: Iterable[ValidatedRow]) -> dict[str, CoreSummary]:
    """Per core, over the rows that ran in performance mode."""
    by_core: dict[str, list[ValidatedRow]] = {}
    for row in rows:
        if row.status == OK and row.mode == "performance" and row.modelled_cycles and row.instructions:
            by_core.setdefault(row.core, []).append(row)
    return {core: _summarize_core(rows) for core, rows in sorted(by_core.items())}


def _summarize_core(rows: Sequence[ValidatedRow]) -> CoreSummary:
    ipc = [(row.instructions or 0) / (row.published_cycles or 1) for row in rows]
    cpi = fit_cpi(ipc)
    return CoreSummary(
        figures=error_figures([row.ratio or 0.0 for row in rows]),
        baseline_cpi=cpi,
        baseline=error_figures([cpi * value for value in ipc]),
    )


def fit_cpi(instructions_per_cycle: Sequence[float]) -> float:
    """The constant that makes the mean of ``|cpi * instructions_per_cycle - 1|`` smallest.

    The mean is piecewise linear in the constant, so one of its corners is the best.
    """

    def mean_error(cpi: float) -> float:
        return statistics.fmean(abs(cpi * value - 1) for value in instructions_per_cycle)

    return min((1 / value for value in instructions_per_cycle), key=mean_error)
