"""A sound for a firmware that listens: a WAV file and the master that plays it, beside the board."""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path
from typing import Any

from emulator.errors import UsageError
from emulator.files import read_bytes
from emulator.machine.machine import Machine

MASTER = ("peripherals.instruments.audio_master", "AudioMaster")
WAVE = ("peripherals.instruments.wave_file", "parse_wave")


def play_when_heard(machine: Machine, file: Path) -> None:
    """Play ``file`` once, when the first of the machine's audio receivers begins to listen.

    Raises UsageError for a board without one, and for a file that is no WAV file as it must be.
    """
    inputs = machine.audio_inputs.values()
    if not inputs:
        raise UsageError(
            f"{machine.board.name} has no audio receiver that is modelled",
            where="--audio",
            next_step="choose a board with a SAI, such as nucleo-l4r5zi",
        )
    parse_wave = getattr(importlib.import_module(WAVE[0]), WAVE[1])
    master_class = getattr(importlib.import_module(MASTER[0]), MASTER[1])
    sound = parse_wave(read_bytes(file, what="sound"), str(file))

    def play(master: Any) -> None:
        for wires in inputs:
            wires.on_listening = lambda: None
        master.play(sound.samples)

    for wires in inputs:
        wires.on_listening = partial(play, master_class(wires, machine.clock))
