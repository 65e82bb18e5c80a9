"""Figures and specifications that tests write down, with no firmware behind them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benches.gate.baseline import Before
from benches.gate.figures import Figures
from benches.gate.specification import Specification, read_specification
from benches.gate.verdict import Verdict, judge
from emulator.reporting.figures import Place

MODELS = "nucleo-l4r5zi, memory, models 1, board 2"


def specification(folder: Path, limits: str = "") -> Specification:
    file = folder / "boardless.toml"
    file.write_text(f'[measure.app]\nimage = "app.elf"\nboard = "nucleo-l4r5zi"\n{limits}')
    return read_specification(file)


def figures(
    values: Mapping[str, int],
    *,
    band: Any = None,
    places: Mapping[str, Place] | None = None,
    made_by: str = MODELS,
) -> Figures:
    return Figures("a run", "app.elf", "nucleo-l4r5zi", made_by, values, band, 80_000_000, places or {})


def verdict_of(
    folder: Path,
    now: Mapping[str, int],
    before: Mapping[str, int] | None,
    limits: str = "",
    *,
    made_by: str = MODELS,
    places: Mapping[str, Place] | None = None,
    band: Any = None,
) -> Verdict:
    baseline = {} if before is None else {"app": Before(made_by, before)}
    found = {"app": figures(now, band=band, places=places)}
    return judge(specification(folder, limits), found, {}, baseline)
