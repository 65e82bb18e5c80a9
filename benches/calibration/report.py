"""A calibration as lines of TOML, and as data for a file."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from benches.calibration.calibration import Calibration, Found, Residual
from benches.calibration.parameters import FULL

MOST_VALUES = 6


@dataclass(frozen=True, slots=True)
class KernelError:
    """Relative errors of one kernel over all that it was run with; ``worst`` is the row furthest off."""

    kernel: str
    rows: int
    mean: float
    worst: Residual


def kernel_errors(calibration: Calibration) -> list[KernelError]:
    """Errors by kernel, in the order in which they were measured."""
    rows: dict[str, list[Residual]] = {}
    for residual in calibration.residuals:
        rows.setdefault(residual.kernel, []).append(residual)
    return [
        KernelError(
            name, len(own), statistics.fmean(abs(r.error) for r in own), max(own, key=lambda r: abs(r.error))
        )
        for name, own in rows.items()
    ]


def certainty(found: Found) -> str:
    """How sure a value is, in words."""
    if found.kept:
        return "kept, as asked"
    if found.same:
        return f"not determined: {_listed(found.same)} counts the same"
    if found.together:
        return f"not determined alone: {_listed(found.together)} with others changed too counts the same"
    return f"determined: others {100 * found.costs:.2f} % worse"


def _listed(values: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, values[:MOST_VALUES]))
    return shown if len(values) <= MOST_VALUES else f"{shown} and {len(values) - MOST_VALUES} more"


def toml_lines(calibration: Calibration, where: str) -> Iterator[str]:
    """What a board file can say now; ``where``: what was measured. Undetermined values are comments."""
    worst = max(calibration.residuals, key=lambda r: abs(r.error))
    yield f"# Fitted by `boardless calibrate` to {len(calibration.residuals)} kernels on {where}:"
    named = f" ({worst.title})" if worst.error else ""
    yield (
        f"# mean error {100 * calibration.error:.2f} %, worst {100 * worst.error:+.1f} %{named};"
        f" {100 * calibration.error_before:.2f} % before."
    )
    table = ""
    for found in calibration.found:
        if found.value == FULL and found.parameter.name.endswith("_ways"):
            continue
        if found.parameter.table != table:
            table = found.parameter.table
            yield ""
            yield f"[{table}]"
        line = f"{found.parameter.name} = {found.value}"
        yield line if found.determined else f"# {line} # {certainty(found)}"


def as_json(calibration: Calibration) -> dict[str, Any]:
    """Everything that was found."""
    return {
        "board": calibration.board.name,
        "mean_abs_error": calibration.error,
        "mean_abs_error_before": calibration.error_before,
        "model_runs": calibration.runs,
        "parameters": [
            {
                "key": f.parameter.key,
                "value": f.value,
                "before": f.before,
                "determined": f.determined,
                "kept": f.kept,
                "same": list(f.same),
                "together": list(f.together),
                "costs": f.costs,
            }
            for f in calibration.found
        ],
        "residuals": [{**asdict(r), "error": r.error} for r in calibration.residuals],
    }
