"""The energy model against the published energies of the development images.

Currents and charges are data sheets' typical ones or fitted to these very rows; each board's file says
which. So this holds the fit, and that a network's energy follows its cycles and the lines it reads. What is
measured: the median of five short windows over the published median of an energy run. A submission's
energy image and performance image have one published energy between them, so the mean is taken over
published energies, each counted once.
"""

from __future__ import annotations

import csv
import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benches.energy.inference_energy import mean_absolute_error, run_energy
from benches.runs.job import image_job
from benches.silicon.catalog import development_catalog
from emulator import Machine
from emulator.board.reader import load_board

COUNT = 5
MEAN_LIMIT, WORST_LIMIT = 0.02, 0.04
STREAMING_LIMITS = {"NUCLEO_H7A3ZI_Q": 0.01, "NUCLEO_U575ZI_Q_60MHz": 0.17}
"""The first was fitted to (its sleep); the second had no part, and has an audio interface and DMA running."""
ASLEEP_HZ = {"NUCLEO_H7A3ZI_Q": 64_000_000, "NUCLEO_U575ZI_Q_60MHz": 60_000_000}
"""The clock while streaming wake word waits for samples, as its images set it."""
SUBMISSION_SPREAD = 0.05
"""So far two images of one submission may lie from each other: they run the same network."""


def test_mean_absolute_error(development_image: Callable[[str, str], Path]) -> None:
    rows = [row for row in development_catalog() if row.published_energy_uj is not None]
    by_energy: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    runs = []
    for row in rows:
        image = development_image(row.version, row.path)
        machine = Machine(row.board)
        machine.load(image, base=row.base)
        run = run_energy(replace(image_job(image, row.board, None), count=COUNT), machine)
        assert run.published == row
        assert run.published_ratio is not None
        by_energy[row.submitter, row.system, row.benchmark].append(run.published_ratio)
        runs.append(run)
    assert len(runs) >= 9
    assert len(by_energy) >= 6
    assert {row.core for row in rows} == {"cortex-m4", "cortex-m7", "cortex-m33"}
    for ratios in by_energy.values():
        assert max(ratios) - min(ratios) <= SUBMISSION_SPREAD
    errors = [abs(statistics.fmean(ratios) - 1) for ratios in by_energy.values()]
    assert statistics.fmean(errors) <= MEAN_LIMIT
    assert max(errors) <= WORST_LIMIT
    over_runs = mean_absolute_error(tuple(runs))
    assert over_runs is not None
    assert over_runs <= MEAN_LIMIT


def test_streaming_wake_word_tells_running_from_sleeping(shared_data: Callable[[str], Path]) -> None:
    with shared_data("sww_published.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["mean_power_mw"]]
    assert {row["system"] for row in rows} == set(STREAMING_LIMITS)
    for row in rows:
        name = row["system"].removesuffix("_60MHz").lower().replace("_", "-")
        facts = load_board(name).energy
        assert facts is not None
        running, duty = int(float(row["clock_mhz"]) * 1e6), float(row["duty_cycle"])
        nanowatts = duty * facts.power_nanowatts(running, asleep=False)
        nanowatts += (1 - duty) * facts.power_nanowatts(ASLEEP_HZ[row["system"]], asleep=True)
        error = nanowatts * 1e-6 / float(row["mean_power_mw"]) - 1
        assert abs(error) <= STREAMING_LIMITS[row["system"]], (row["system"], error)
