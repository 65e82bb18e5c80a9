"""The energy model against the published energies of the development images.

The model's currents are data sheets' typical ones, or medians over published results of the same boards
from other rounds; none is fitted to the energies here. What is measured: the median of five short windows
over the published median of an energy run. A submission's energy image and performance image have one
published energy between them, so the mean is taken over published energies, each counted once.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benches.energy.inference_energy import mean_absolute_error, run_energy
from benches.runs.job import image_job
from benches.silicon.catalog import development_catalog
from emulator import Machine

COUNT = 5
MEAN_LIMIT, WORST_LIMIT = 0.09, 0.25
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
