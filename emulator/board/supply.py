"""What a board's supply gives, by core clock and mode: the ``[energy]`` table of its TOML.

Currents are those of a data sheet at ``measured_mv``; how they carry over to the board's own
supply depends on the regulator. An LDO passes the core's current on, so the current stays; a
step-down converter passes the power on, so the power stays. With an external converter behind an
LDO's figures, the core draws ``current * core_mv`` and the converter adds its losses. A line that a
cache brings in from its memory takes a charge on top, which carries over in the same way: it tells
code that streams its data from flash from code that works on what it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

from emulator.schema.table import Problem, Table, about

NEED_A_SOURCE = (
    "supply_mv",
    "regulator",
    "run_microamps",
    "sleep_microamps",
    "line_fill_picocoulombs",
    "timestamp_pin",
)
NANOWATTS_PER_MICROWATT = 1000
HIGHEST_MV = 60_000
MOST_MICROAMPS = 10_000_000
MOST_PICOCOULOMBS = 1_000_000
MILLIVOLT_PICOCOULOMB = 1_000_000
"""A picocoulomb at a millivolt is a femtojoule: a million nanowatts times picoseconds."""

Millivolts = Annotated[
    int, msgspec.Meta(ge=1, le=HIGHEST_MV, extra={"unit": "mV"}, extra_json_schema={"x-unit": "mV"})
]
Currents = dict[
    Annotated[str, msgspec.Meta(pattern="^[0-9]+(_[0-9]+)*$", extra={"form": "a core clock in hertz"})],
    Annotated[int, msgspec.Meta(ge=0, le=MOST_MICROAMPS)],
]
"""Microamperes by core clock in hertz; TOML's keys are texts."""
Charges = dict[str, Annotated[int, msgspec.Meta(ge=0, le=MOST_PICOCOULOMBS)]]
"""Picocoulombs by the name of an accelerator."""


@dataclass(frozen=True, slots=True)
class EnergyFacts:
    """A board's supply. Currents in microamperes by core clock in hertz, voltages in millivolts.

    ``line_fill_picocoulombs``: what a line that a cache of the accelerator brings in takes on top.
    ``timestamp_pin``: the pin whose rising edge marks a time stamp in energy mode (the
    Arduino connector's D7 on the benchmark's wiring), empty when not known.
    """

    supply_mv: int
    measured_mv: int
    regulator: str
    run_microamps: Mapping[int, int]
    sleep_microamps: Mapping[int, int]
    core_mv: int = 0
    efficiency_percent: int = 100
    line_fill_picocoulombs: Mapping[str, int] = field(default_factory=dict)
    timestamp_pin: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)

    def power_nanowatts(self, core_hz: int, *, asleep: bool) -> int:
        """Power drawn from the board's supply at a core clock, running or asleep (WFI, WFE)."""
        microamps = _current_at(self.sleep_microamps if asleep else self.run_microamps, core_hz)
        millivolts, percent = self._millivolts
        return microamps * millivolts * 100 // (1000 * percent) * NANOWATTS_PER_MICROWATT

    def line_fill_energy(self, accelerator: str) -> int:
        """Energy of one line that a cache of the accelerator brings in, in nanowatts times picoseconds."""
        millivolts, percent = self._millivolts
        charge = self.line_fill_picocoulombs.get(accelerator, 0)
        return charge * millivolts * MILLIVOLT_PICOCOULOMB * 100 // percent

    @property
    def _millivolts(self) -> tuple[int, int]:
        """At what voltage the currents flow, and which percentage of the supply's power that is."""
        if self.regulator == "ldo":
            return self.supply_mv, 100
        if self.regulator == "smps":
            return self.measured_mv, 100
        return self.core_mv, self.efficiency_percent


class EnergyTable(Table, frozen=True, kw_only=True):
    """``[energy]``: what the supply gives, for estimates of energy. Every figure has its source."""

    supply_mv: Annotated[Millivolts, about("The board's supply.", example=3300)]
    measured_mv: Annotated[
        Millivolts, about("The supply at which the currents below were measured.", example=3000)
    ]
    regulator: Annotated[
        Literal["ldo", "smps", "external-smps"],
        about(
            "What stands between supply and core: ldo passes the current on, smps the power; external-smps "
            "is a converter of the board that feeds the core at core_mv.",
            example="ldo",
        ),
    ]
    core_mv: Annotated[
        Millivolts | msgspec.UnsetType,
        about(
            "The voltage at which an external converter feeds the core.",
            by_default="none; external-smps needs it",
            example=1150,
        ),
    ] = msgspec.UNSET
    efficiency_percent: Annotated[
        int,
        about("Efficiency of an external converter.", unit="%", at_least=1, at_most=100, example=90),
    ] = 100
    run_microamps: Annotated[
        Currents,
        about("Current while running, by core clock in hertz.", unit="uA", example={"120_000_000": 24_420}),
    ]
    sleep_microamps: Annotated[
        Currents,
        about(
            "Current asleep (WFI, WFE), by core clock in hertz.", unit="uA", example={"120_000_000": 8_540}
        ),
    ]
    line_fill_picocoulombs: Annotated[
        Charges,
        about(
            "Charge that one line takes which a cache brings in from its memory, by accelerator.",
            unit="pC",
            by_default="none",
            example={"flash": 64},
        ),
    ] = msgspec.field(default_factory=dict)
    timestamp_pin: Annotated[
        str,
        about(
            "The pin whose rising edge marks a time stamp in energy mode (D7 on the benchmark's wiring).",
            by_default="not known",
            names_a="pin",
            example="PF13",
        ),
    ] = ""
    sources: Annotated[
        dict[str, str],
        about("Where each figure is from, by its key.", example={"supply_mv": "UM2179: 3.3 V"}),
    ] = msgspec.field(default_factory=dict)

    def contradictions(self) -> Iterator[Problem]:
        """Yield a converter without its voltage, currents without a point, figures without a source."""
        if self.regulator == "external-smps" and self.core_mv is msgspec.UNSET:
            yield Problem(
                "core_mv",
                "missing: an external converter feeds the core at this voltage",
                "add core_mv = ...",
            )
        for key in ("run_microamps", "sleep_microamps"):
            if not getattr(self, key):
                yield Problem(
                    key, "empty: no current is known", "add a line: core clock in hertz = microamperes"
                )
        for key in NEED_A_SOURCE:
            if getattr(self, key) and not self.sources.get(key):
                yield Problem(
                    f"sources.{key}",
                    "missing: every figure of the energy model has its source",
                    f'add {key} = "..."',
                )
        for key in self.sources:
            if key not in self.__struct_fields__:
                yield Problem(f"sources.{key}", f"[energy] has no {key}", "name the key whose source it is")

    def facts(self) -> EnergyFacts:
        """The same, as a machine reads it."""
        return EnergyFacts(
            supply_mv=self.supply_mv,
            measured_mv=self.measured_mv,
            regulator=self.regulator,
            run_microamps=_by_hertz(self.run_microamps),
            sleep_microamps=_by_hertz(self.sleep_microamps),
            core_mv=0 if self.core_mv is msgspec.UNSET else self.core_mv,
            efficiency_percent=self.efficiency_percent,
            line_fill_picocoulombs=self.line_fill_picocoulombs,
            timestamp_pin=self.timestamp_pin,
            sources=self.sources,
        )


def _by_hertz(currents: Mapping[str, int]) -> dict[int, int]:
    return dict(sorted((int(hertz), microamps) for hertz, microamps in currents.items()))


def _current_at(points: Mapping[int, int], core_hz: int) -> int:
    """Between two points the line through them; outside, proportional to the nearest one."""
    below = max((hz for hz in points if hz <= core_hz), default=None)
    above = min((hz for hz in points if hz >= core_hz), default=None)
    if below is None or above is None:
        nearest = above if below is None else below
        assert nearest is not None  # the table is not empty
        return points[nearest] * core_hz // nearest
    if below == above:
        return points[below]
    return points[below] + (points[above] - points[below]) * (core_hz - below) // (above - below)
