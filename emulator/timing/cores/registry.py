"""Core models by name, each with the declaration of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from emulator.errors import BoardError
from emulator.schema.checks import read_table
from emulator.timing.cores import (
    cortex_m0,
    cortex_m0plus,
    cortex_m3,
    cortex_m4,
    cortex_m7,
    cortex_m33,
    cortex_m55,
    cortex_m55_rows,
    cortex_m85,
    cortex_m85_rows,
)
from emulator.timing.cores.armv7m_rows import Armv7mParameters
from emulator.timing.cores.cortex_m7_rows import CortexM7Parameters
from emulator.timing.model import CoreModel
from emulator.timing.parameters import CoreParameters

Parameters = TypeVar("Parameters", bound=CoreParameters)


@dataclass(frozen=True, slots=True)
class CoreEntry(Generic[Parameters]):
    """A core: what a board may say of it, and the model that it makes of that."""

    parameters: type[Parameters]
    model: Callable[[Parameters], CoreModel]

    def build(self, parameters: Mapping[str, int]) -> CoreModel:
        """The model with these parameters, or BoardError for one that is unknown or out of range."""
        return self.model(read_table(self.parameters, parameters, "core_parameters"))


MODELS: Mapping[str, CoreEntry[Any]] = {
    "cortex-m0": CoreEntry(cortex_m0.Armv6mParameters, cortex_m0.model),
    "cortex-m0plus": CoreEntry(cortex_m0plus.CortexM0PlusParameters, cortex_m0plus.model),
    "cortex-m3": CoreEntry(Armv7mParameters, cortex_m3.model),
    "cortex-m4": CoreEntry(cortex_m4.CortexM4Parameters, cortex_m4.model),
    "cortex-m7": CoreEntry(CortexM7Parameters, cortex_m7.model),
    "cortex-m33": CoreEntry(cortex_m33.CortexM33Parameters, cortex_m33.model),
    "cortex-m55": CoreEntry(cortex_m55_rows.CortexM55Parameters, cortex_m55.model),
    "cortex-m85": CoreEntry(cortex_m85_rows.CortexM85Parameters, cortex_m85.model),
}


def core_model(name: str, parameters: Mapping[str, int] | None = None) -> CoreModel:
    """Build the model of core ``name`` with a board's ``[core_parameters]``.

    Raises BoardError for an unknown core, an unknown parameter or a value out of range.
    """
    entry = MODELS.get(name)
    if entry is None:
        raise BoardError(
            f"no timing model for core {name!r}", next_step=f"Known cores: {', '.join(sorted(MODELS))}."
        )
    return entry.build(parameters or {})
