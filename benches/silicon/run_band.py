"""What is known of the error of what a machine has just run: from its counters to a band."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benches.silicon.error_bands import BandTable, RunBand, band_json, read_bands
from benches.silicon.run_situation import makeup_of, situation_of, situation_of_window, situation_since
from emulator.machine.machine import Machine
from emulator.profiling import CountState, Profile

if TYPE_CHECKING:
    from benches.measure.performance import MeasuredWindow


def band_of_run(machine: Machine, bands: BandTable | None = None) -> RunBand | None:
    """The band of all that a machine has run; by default by the project's own measurements.

    None: not measured, which everything is with another timing than that of memories.
    """
    if machine.timing != "memory":
        return None
    passed = CountState.of(machine.engine).from_nothing()
    return (bands or read_bands()).band_for(situation_since(machine, passed))


def band_of_window(machine: Machine, window: MeasuredWindow, bands: BandTable) -> RunBand | None:
    """The band of a measured window; its cycles are those of one inference between time stamps."""
    if window.passed is None:
        return None
    return bands.band_for(situation_of_window(machine, window, window.passed))


def band_of_profile(machine: Machine, profile: Profile, *, first: bool) -> RunBand | None:
    """The band of a profiled window. ``first``: of a first inference."""
    if machine.timing != "memory":
        return None
    return read_bands().band_for(situation_of(machine, makeup_of(profile), first=first))


def recorded_band(machine: Machine, *, first: bool) -> Callable[[Profile], dict[str, Any] | str]:
    """For a recording's labels: the band of the window that it has recorded, as JSON has it."""
    return lambda profile: band_json(band_of_profile(machine, profile, first=first))
