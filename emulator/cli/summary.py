"""What a run ends with: a few lines for people, a JSON file for programs."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import emulator
from emulator.bus.bus import Unmodelled
from emulator.cli.port_follower import unseen_lines, unseen_ports
from emulator.cli.untold import unmodelled_json, unmodelled_lines, waiting_json, waiting_lines
from emulator.cli.words import UNOFFICIAL, hertz_in_words, seconds_in_words
from emulator.errors import BoardlessError, GuestFault
from emulator.links import LinkSet
from emulator.machine.machine import Machine

BANDS_MODULE = "benches.silicon.run_band"
NOT_MEASURED = "not measured"
STOP_WORDS = {
    "until": "the text of --until came",
    "idle": "the firmware waits and nobody will send it anything",
    "exit": "the firmware ended itself",
    "max_cycles": "the cycle limit was reached",
    "wall_limit": "the time limit was reached",
    "interrupted": "interrupted",
    "hung_up": "nobody reads the output any more",
    "fault": "the firmware crashed",
    "error": "an error ended the run",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. ``stop``: a key of :data:`STOP_WORDS`. ``told``: what was said while it ran."""

    machine: Machine
    links: LinkSet
    stop: str
    busy_s: float
    error: BoardlessError | None = None
    told: Sequence[Unmodelled] = ()


def summary_text(outcome: Outcome) -> str:
    """The summary's lines, without a newline at the end."""
    machine = outcome.machine
    counts, board = machine.counts, machine.board
    cpi = f"{counts.cycles / counts.instructions:.3f}" if counts.instructions else "-"
    speed = f"{counts.instructions / outcome.busy_s / 1e6:.1f} MIPS" if outcome.busy_s > 0 else "-"
    lines = [
        f"stopped:      {STOP_WORDS[outcome.stop]}",
        f"board:        {board.name} ({board.core}), timing {machine.timing}, {machine.hook.kind} hook",
        f"instructions: {counts.instructions:,}",
        f"cycles:       {counts.cycles:,} (CPI {cpi})",
        f"error:        {error_band(machine)[0]}",
        f"time:         {seconds_in_words(machine.clock.seconds())} modelled,"
        f" core clock {hertz_in_words(machine.clock.core_hz)}",
        f"host:         {outcome.busy_s:.2f} s ({speed})",
    ]
    if machine.exit_code is not None:
        lines.append(f"exit code:    {machine.exit_code} (semihosting)")
    lines += [
        f"serial:       {link.outgoing.dropped:,} bytes that a slow host missed on {link.description}"
        for link in outcome.links.links
        if link.outgoing.dropped
    ]
    lines += unseen_lines(machine, outcome.links)
    lines += [f"console:      {machine.silence}"] if machine.silence else []
    if outcome.stop == "idle":
        lines += waiting_lines(machine)
    lines += unmodelled_lines(machine, outcome.told)
    lines.append(UNOFFICIAL)
    return "\n".join(lines)


def error_band(machine: Machine) -> tuple[str, Any]:
    """The error measured against silicon for such a run: in words, and for JSON.

    What was measured is data of the benches, which an installation of the emulator may lack.
    """
    try:
        bands = importlib.import_module(BANDS_MODULE)
    except ModuleNotFoundError:
        return NOT_MEASURED, NOT_MEASURED
    band = bands.band_of_run(machine)
    return (NOT_MEASURED, NOT_MEASURED) if band is None else (band.sentence, band.as_json())


def summary_json(outcome: Outcome) -> dict[str, Any]:
    """The same and more, for ``--json``."""
    machine = outcome.machine
    counts, image = machine.counts, machine.image
    error, unseen = outcome.error, tuple(unseen_ports(machine, outcome.links))
    return {
        "boardless": emulator.__version__,
        "note": UNOFFICIAL,
        "board": machine.board.name,
        "core": machine.board.core,
        "timing": machine.timing,
        "hook": machine.hook.kind,
        "image": image.path if image else None,
        "image_sha256": image.sha256 if image else None,
        "stop": outcome.stop,
        "exit_code": machine.exit_code,
        "instructions": counts.instructions,
        "cycles": counts.cycles,
        "error_band": error_band(machine)[1],
        "cpi": counts.cycles / counts.instructions if counts.instructions else None,
        "clock_hz": machine.clock.core_hz,
        "modelled_s": machine.clock.seconds(),
        "host_s": outcome.busy_s,
        "serial": {
            name: {"baud": port.baud, "sent_bytes": port.sent, "unseen": port in unseen}
            for name, port in machine.serial_ports.items()
        },
        "itm_bytes": machine.itm.sent,
        "waits_for": waiting_json(machine) if outcome.stop == "idle" else [],
        "notes": machine.notes,
        "unmodelled": unmodelled_json(machine),
        "error": None
        if error is None
        else {
            "what": error.what,
            "where": error.where,
            "report": error.report if isinstance(error, GuestFault) else "",
        },
    }
