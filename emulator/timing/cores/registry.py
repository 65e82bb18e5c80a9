"""Core models by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emulator.errors import BoardError
from emulator.timing.cores import cortex_m0, cortex_m0plus, cortex_m3, cortex_m4, cortex_m7, cortex_m33
from emulator.timing.model import CoreModel

MODELS: Mapping[str, Callable[[Mapping[str, int]], CoreModel]] = {
    "cortex-m0": cortex_m0.model,
    "cortex-m0plus": cortex_m0plus.model,
    "cortex-m3": cortex_m3.model,
    "cortex-m4": cortex_m4.model,
    "cortex-m7": cortex_m7.model,
    "cortex-m33": cortex_m33.model,
}


def core_model(name: str, parameters: Mapping[str, int] | None = None) -> CoreModel:
    """Build the model of core ``name`` with a board's ``[core]`` parameters.

    Raises BoardError for an unknown core or a parameter out of range.
    """
    build = MODELS.get(name)
    if build is None:
        raise BoardError(
            f"no timing model for core {name!r}", next_step=f"Known cores: {', '.join(sorted(MODELS))}."
        )
    return build(parameters or {})
