"""The energy model against the published energies of the development images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benches.energy.inference_energy import mean_absolute_error, run_energy
from benches.runs.job import image_job
from benches.silicon.catalog import development_catalog
from emulator import Machine

COUNT = 5
LIMIT = 0.15


def test_mean_absolute_error(development_image: Callable[[str, str], Path]) -> None:
    runs = []
    for row in development_catalog():
        if row.published_energy_uj is None:
            continue
        image = development_image(row.version, row.path)
        machine = Machine(row.board)
        machine.load(image, base=row.base)
        run = run_energy(replace(image_job(image, row.board, None), count=COUNT), machine)
        runs.append(run)
        assert run.published is not None
    assert len(runs) == 8
    error = mean_absolute_error(tuple(runs))
    assert error is not None and error <= LIMIT
