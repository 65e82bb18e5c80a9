"""The runner's conversation with a device, window by window, with what its files tell of it.

Facts of mlcommons/tiny at 1afd2c9, benchmark/runner: five windows in performance and energy mode, the first
five files of y_labels.csv, of a recording its first piece; in accuracy mode every piece of every file,
one inference each. A window is to last ten seconds of the device's time; submitters choose how many
inferences that takes, and so does :func:`play` when nobody says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from benches.measure.performance import PerformanceSession
from benches.measure.window_energy import FallingEdges, metered, moments_of
from benches.protocol.host import InferenceWindow, Profile
from benches.runs.job import BenchJob, sha256_of
from benches.suite import shipped
from benches.suite.benchmarks import Benchmark
from benches.suite.input_files import LabelledFile, dataset_folder, read_labels
from emulator.errors import UsageError
from emulator.machine.energy import EnergyMeter
from emulator.machine.machine import Machine

WINDOWS = 5
LEAST_WINDOW_PICOSECONDS = 10 * 10**12
SPARE = 1.02
"""A window is planned so much longer than the least: inferences of other inputs may be shorter."""
SAMPLE_PICOSECONDS = 10**9
"""A power monitor's samples are energies of a millisecond."""
LEAD_SAMPLES = 100
"""Samples before a window's first event."""


class Mode(Enum):
    """The runner's modes; the value is its letter."""

    PERFORMANCE = "p"
    ACCURACY = "a"
    ENERGY = "e"


WARMUPS = {
    Mode.PERFORMANCE: {"ad": 10, "ic": 5, "ic02": 5, "kws": 10, "vww": 5},
    Mode.ENERGY: {"ad": 0, "ic": 0, "ic02": 0, "kws": 10, "vww": 5},
}
"""Of the runner's tests_performance.yaml and tests_energy.yaml."""


@dataclass(frozen=True, slots=True)
class PowerTrace:
    """A window's energies a millisecond, in joules, and the sample in which each event came."""

    samples: tuple[float, ...]
    events: tuple[int, int]

    @property
    def joules(self) -> float:
        """Between the two events."""
        start, stop = self.events
        return math.fsum(self.samples[start:stop])


@dataclass(frozen=True, slots=True)
class Entry:
    """One window. The moments are seconds of modelled time; ``segments``: of a recording that is cut."""

    file: LabelledFile
    segment: int
    segments: int | None
    window: InferenceWindow
    begun_s: float
    loaded_s: float
    done_s: float
    power: PowerTrace | None = None


@dataclass(frozen=True, slots=True)
class System:
    """What files say of the board that a conversation was held with, and of its image."""

    board: str
    title: str
    core: str
    clock_hz: int
    image: str
    image_sha256: str


@dataclass(frozen=True, slots=True)
class OfficialRun:
    """A whole conversation. ``supply_mv`` None: no power was looked at."""

    mode: Mode
    benchmark: Benchmark
    vendor: str
    profile: Profile
    system: System
    entries: tuple[Entry, ...]
    supply_mv: int | None = None


def play(
    job: BenchJob, machine: Machine, mode: Mode, progress: Callable[[str], None] = lambda _step: None
) -> OfficialRun:
    """Boot and hold the conversation of ``mode`` on a machine with the job's image.

    ``job.count``: inferences of a window, or in accuracy mode the files. Raises UsageError for inputs
    without labels and for a board without an energy model in energy mode.
    """
    if any(path.is_file() for path in job.inputs) or len(job.inputs) > 1:
        raise UsageError("official files are of one folder with y_labels.csv", where="--inputs")
    meter = metered(machine) if mode is Mode.ENERGY else None
    progress("booting")
    session = PerformanceSession(machine)
    benchmark = session.benchmark
    if job.benchmark is not None:
        session.expect(job.benchmark)
    folder = job.inputs[0] if job.inputs else shipped.inputs_for(benchmark)
    files = read_labels(dataset_folder(folder, benchmark), benchmark)
    talk = _Talk(machine, session, mode, meter, progress)
    made = talk.accuracy(files[: job.count]) if mode is Mode.ACCURACY else talk.windows(files, job.count)
    profile, entries = session.host.profile(), tuple(made)
    return OfficialRun(
        mode=mode,
        benchmark=benchmark,
        vendor=session.vendor,
        profile=profile,
        system=System(
            machine.board.name,
            machine.board.title,
            machine.board.core,
            machine.clock.core_hz,
            job.image.name,
            sha256_of(job.image),
        ),
        entries=entries,
        supply_mv=None if meter is None else meter.facts.supply_mv,
    )


class _Talk:
    """The windows of one conversation."""

    def __init__(
        self,
        machine: Machine,
        session: PerformanceSession,
        mode: Mode,
        meter: EnergyMeter | None,
        progress: Callable[[str], None],
    ) -> None:
        self._machine = machine
        self._session = session
        self._mode = mode
        self._meter = meter
        self._progress = progress
        self._edges = FallingEdges(machine, "" if meter is None else meter.facts.timestamp_pin)
        if meter is not None:
            session.host.timestamp()  # leaves the pin high, whatever it was at boot

    def accuracy(self, files: tuple[LabelledFile, ...]) -> Iterator[Entry]:
        """Every piece of every file, one inference each."""
        for number, file in enumerate(files):
            self._progress(f"file {number + 1} of {len(files)}")
            pieces = file.pieces()
            for segment, piece in enumerate(pieces):
                yield self._entry(file, segment, len(pieces), piece, 1, 0)

    def windows(self, files: tuple[LabelledFile, ...], inferences: int | None) -> Iterator[Entry]:
        """Five windows of the first files' first pieces."""
        warmups = WARMUPS[self._mode][self._session.benchmark.name]
        count = inferences or self._enough(files[0].pieces()[0])
        for number in range(WINDOWS):
            file = files[number % len(files)]
            self._progress(f"window {number + 1} of {WINDOWS}: {count} inferences of {file.path.name}")
            yield self._entry(file, 0, 1, file.pieces()[0], count, warmups)

    def _enough(self, piece: bytes) -> int:
        """Inferences of a window that lasts long enough, by what two take beyond one: no printing."""
        self._session.host.load(piece)
        one, two = (self._duration(count) for count in (1, 2))
        return max(1, math.ceil(LEAST_WINDOW_PICOSECONDS * SPARE / max(1, two - one)))

    def _duration(self, inferences: int) -> int:
        """Picoseconds of a window after a warm-up."""
        self._edges.seen.clear()
        start, stop = moments_of(self._machine, self._edges, self._session.host.infer(inferences, 1))
        return stop - start

    def _entry(
        self, file: LabelledFile, segment: int, segments: int, piece: bytes, inferences: int, warmups: int
    ) -> Entry:
        clock = self._machine.clock
        begun_s = clock.seconds()
        self._session.host.load(piece)
        loaded_s = clock.seconds()
        self._edges.seen.clear()
        window = self._session.host.infer(inferences, warmups)
        power = None if self._meter is None else self._trace(self._meter, window)
        cut = segments if self._session.benchmark.name == "ad" else None
        return Entry(file, segment, cut, window, begun_s, loaded_s, clock.seconds(), power)

    def _trace(self, meter: EnergyMeter, window: InferenceWindow) -> PowerTrace:
        return trace_of(meter, *moments_of(self._machine, self._edges, window))


def trace_of(meter: EnergyMeter, start: int, stop: int) -> PowerTrace:
    """What a power monitor would have sampled between two events, in picoseconds, and a little before."""
    meter.update()
    first = start - LEAD_SAMPLES * SAMPLE_PICOSECONDS
    count = LEAD_SAMPLES + (stop - start) // SAMPLE_PICOSECONDS
    energies = [meter.energy_at(first + number * SAMPLE_PICOSECONDS) for number in range(count + 1)]
    samples = tuple(
        float(f"{after - before:.3e}")  # four digits, as the monitor sends them
        for before, after in pairwise(energies)
    )
    return PowerTrace(samples, (LEAD_SAMPLES, count))
