"""The runner's pictures of energy mode: a trial's samples of energy over time, and its events.

The round's checker asks for streaming wake word's, so without matplotlib a run says what is missing.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path

from benches.runs.official_conversation import PowerTrace
from benches.runs.official_files import MARK, SAMPLES_PER_S
from emulator.files import OutputFile

NEEDED = "energy mode's pictures (energy_inf_*.png) need matplotlib: pip install 'boardless[plots]'"


def write_energy_pictures(folder: Path, traces: Sequence[PowerTrace]) -> str:
    """Write ``energy_inf_NNN.png`` for each trial; gives what to tell the user, empty when all is well."""
    if not traces:
        return ""
    if importlib.util.find_spec("matplotlib") is None:
        return NEEDED
    for number, trace in enumerate(traces):
        name = f"energy_inf_{number:03d}.png"
        OutputFile(folder / name, name).write_bytes(energy_picture(trace))
    return ""


def energy_picture(trace: PowerTrace) -> bytes:
    """A PNG: joules a sample of a millisecond over seconds, a line at each of the two events."""
    from matplotlib.figure import Figure  # noqa: PLC0415 -- optional, and slow to load

    figure = Figure()
    axes = figure.subplots()
    axes.plot([number / SAMPLES_PER_S for number in range(len(trace.samples))], trace.samples, "b")
    for event in trace.events:
        axes.axvline(event / SAMPLES_PER_S, color="r")
    axes.grid(visible=True)
    axes.set_xlabel("s")
    axes.set_ylabel("J a sample")
    figure.text(0.01, 0.01, MARK, fontsize="xx-small", color="0.4")
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()
