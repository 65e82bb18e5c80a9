"""Energy mode without the official host: microjoules per inference from the energy model.

An energy image pulses its time-stamp pin around its inferences; between the last two falling
edges the power is integrated, as the official host does with a power monitor's samples. A
performance image has no such pin to watch: there the window lies between its two time stamps.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benches.measure.performance import PerformanceSession
from benches.measure.window_energy import FallingEdges, joules_between, metered, moments_of
from benches.runs.job import BenchJob, published_row, sha256_of
from benches.silicon.catalog import CatalogRow
from benches.suite import shipped
from benches.suite.benchmarks import Benchmark
from benches.suite.input_files import InputData, load_inputs
from emulator.machine.energy import EnergyMeter
from emulator.machine.machine import Machine

WINDOWS = 5
"""As the official host: the median of so many."""
MICRO = 1e6
PICOSECONDS = 1e12


@dataclass(frozen=True, slots=True)
class EnergyWindow:
    """One window: what the board drew between its two time stamps."""

    input_name: str
    inferences: int
    seconds: float
    joules: float

    @property
    def microjoules(self) -> float:
        """Per inference."""
        return self.joules / self.inferences * MICRO


@dataclass(frozen=True, slots=True)
class EnergyRun:
    """One benchmark's energy on one board with one image."""

    benchmark: Benchmark
    board: str
    core: str
    clock_hz: int
    supply_mv: int
    regulator: str
    image: str
    image_sha256: str
    windows: tuple[EnergyWindow, ...]
    sources: tuple[tuple[str, str], ...]
    published: CatalogRow | None = None

    @property
    def median(self) -> EnergyWindow:
        """The window of the (low) median energy per inference."""
        return sorted(self.windows, key=lambda window: window.microjoules)[(len(self.windows) - 1) // 2]

    @property
    def published_ratio(self) -> float | None:
        """Our energy over the published one."""
        if self.published is None or not self.published.published_energy_uj:
            return None
        return self.median.microjoules / self.published.published_energy_uj

    def as_json(self) -> dict[str, Any]:
        """The run as it stands under ``runs``."""
        median = self.median
        return {
            "benchmark": self.benchmark.name,
            "mode": "energy",
            "board": self.board,
            "core": self.core,
            "clock_hz": self.clock_hz,
            "supply_mv": self.supply_mv,
            "regulator": self.regulator,
            "image": self.image,
            "image_sha256": self.image_sha256,
            "energy_uj": median.microjoules,
            "power_mw": median.joules / median.seconds * 1e3,
            "latency_us": median.seconds / median.inferences * MICRO,
            "published_energy_uj": self.published.published_energy_uj if self.published else None,
            "ratio": self.published_ratio,
            "sources": dict(self.sources),
            "windows": [
                {
                    "input": window.input_name,
                    "inferences": window.inferences,
                    "seconds": window.seconds,
                    "joules": window.joules,
                    "energy_uj": window.microjoules,
                }
                for window in self.windows
            ],
        }


def run_energy(
    job: BenchJob, machine: Machine, progress: Callable[[str], None] = lambda _step: None
) -> EnergyRun:
    """Boot, then five windows. Raises UsageError for a board without an energy model."""
    meter = metered(machine)
    progress("booting")
    session = PerformanceSession(machine)
    if job.benchmark is not None:
        session.expect(job.benchmark)
    benchmark = session.benchmark
    stamps = FallingEdges(machine, meter.facts.timestamp_pin)
    session.host.timestamp()  # leaves the pin high, whatever it was at boot
    files = load_inputs(job.inputs or (shipped.inputs_for(benchmark),), benchmark, limit=WINDOWS)
    inferences = job.count or benchmark.inferences
    windows = []
    for number in range(WINDOWS):
        item = files[number % len(files)]
        progress(f"window {number + 1} of {WINDOWS}")
        windows.append(_measure(session, stamps, meter, item, inferences))
    sha256 = sha256_of(job.image)
    facts = meter.facts
    return EnergyRun(
        benchmark=benchmark,
        board=machine.board.name,
        core=machine.board.core,
        clock_hz=machine.clock.core_hz,
        supply_mv=facts.supply_mv,
        regulator=facts.regulator,
        image=str(job.image),
        image_sha256=sha256,
        windows=tuple(windows),
        sources=tuple(facts.sources.items()),
        published=published_row(sha256),
    )


def _measure(
    session: PerformanceSession, stamps: FallingEdges, meter: EnergyMeter, item: InputData, inferences: int
) -> EnergyWindow:
    session.host.load(item.data)
    stamps.seen.clear()
    window = session.host.infer(inferences, session.benchmark.warmups)
    start, stop = moments_of(stamps.machine, stamps, window)
    return EnergyWindow(
        item.name, inferences, (stop - start) / PICOSECONDS, joules_between(meter, start, stop)
    )


def mean_absolute_error(runs: tuple[EnergyRun, ...]) -> float | None:
    """Mean of ``|ratio - 1|`` over the runs with a published energy; None without one."""
    ratios = [run.published_ratio for run in runs if run.published_ratio is not None]
    return statistics.fmean(abs(ratio - 1) for ratio in ratios) if ratios else None
