"""What a board's supply gives, by core clock and mode: the ``[energy]`` table of its TOML.

Currents are those of a data sheet at ``measured_mv``; how they carry over to the board's own
supply depends on the regulator. An LDO passes the core's current on, so the current stays; a
step-down converter passes the power on, so the power stays. With an external converter behind an
LDO's figures, the core draws ``current * core_mv`` and the converter adds its losses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import BoardError

REGULATORS = ("ldo", "smps", "external-smps")
NUMBERS = ("supply_mv", "measured_mv", "core_mv", "efficiency_percent")
TEXTS = ("regulator", "timestamp_pin")
TABLES = ("run_microamps", "sleep_microamps")
REQUIRED = ("supply_mv", "measured_mv", "regulator", "run_microamps", "sleep_microamps")
NEED_A_SOURCE = ("supply_mv", "regulator", "run_microamps", "sleep_microamps", "timestamp_pin")
NANOWATTS_PER_MICROWATT = 1000


@dataclass(frozen=True, slots=True)
class EnergyFacts:
    """A board's supply. Currents in microamperes by core clock in hertz, voltages in millivolts.

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
    timestamp_pin: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)

    def power_nanowatts(self, core_hz: int, *, asleep: bool) -> int:
        """Power drawn from the board's supply at a core clock, running or asleep (WFI, WFE)."""
        microamps = _current_at(self.sleep_microamps if asleep else self.run_microamps, core_hz)
        if self.regulator == "ldo":
            microwatts = microamps * self.supply_mv // 1000
        elif self.regulator == "smps":
            microwatts = microamps * self.measured_mv // 1000
        else:
            microwatts = microamps * self.core_mv // (10 * self.efficiency_percent)
        return microwatts * NANOWATTS_PER_MICROWATT


def energy_facts(table: Mapping[str, Any], error: Callable[[str, str], BoardError]) -> EnergyFacts:
    """Check and build; ``error(key, what)`` makes the error, which knows the key's file."""
    known = (*NUMBERS, *TEXTS, *TABLES, "sources")
    for key, value in table.items():
        if key not in known:
            raise error(f"energy.{key}", f"unknown key; known here: {', '.join(known)}")
        if key in NUMBERS and not (isinstance(value, int) and value > 0):
            raise error(f"energy.{key}", f"must be a whole number above 0, not {value!r}")
        if key in TEXTS and not isinstance(value, str):
            raise error(f"energy.{key}", f"must be text, not {value!r}")
    for key in REQUIRED:
        if key not in table:
            raise error(f"energy.{key}", "missing; the energy model needs it")
    if table["regulator"] not in REGULATORS:
        raise error("energy.regulator", f"{table['regulator']!r} is none of {', '.join(REGULATORS)}")
    if table["regulator"] == "external-smps" and "core_mv" not in table:
        raise error("energy.core_mv", "missing; an external converter feeds the core at this voltage")
    for key in NEED_A_SOURCE:
        if key in table and not table.get("sources", {}).get(key):
            raise error(f"energy.sources.{key}", "missing; every figure of the energy model has its source")
    values = dict(table)
    for key in TABLES:
        values[key] = _currents(key, table[key], error)
    return EnergyFacts(**values)


def _currents(key: str, table: Any, error: Callable[[str, str], BoardError]) -> dict[int, int]:
    if not isinstance(table, dict) or not table:
        raise error(f"energy.{key}", "must be a table: core clock in hertz = current in microamperes")
    found: dict[int, int] = {}
    for hertz, microamps in table.items():
        if not str(hertz).replace("_", "").isdecimal() or not isinstance(microamps, int):
            raise error(f"energy.{key}", f"{hertz} = {microamps!r}: must be hertz = microamperes")
        found[int(hertz)] = microamps
    return dict(sorted(found.items()))


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
