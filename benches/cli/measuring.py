"""Makes one measurement of a gate: boots the image, records its stretch, and takes the figures."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from benches.cli.firmware import firmware_machine
from benches.cli.profile_run import ProfileOptions, record_on
from benches.gate.arguments import value_of, words_of
from benches.gate.figures import Figures, figures_of
from benches.gate.specification import Measurement
from benches.silicon.run_band import recorded_band
from emulator.cli.parameter_types import FileAtAddress
from emulator.errors import BoardlessError
from emulator.image.launch import Launch
from emulator.machine.awaited_text import run_to_text
from emulator.machine.machine import Machine
from emulator.profiling.recorded_run import Stretch, to_function
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.model import Identity, Recording

MAIN = "main"
DIGITS = 12


def measure(measurement: Measurement) -> Figures | str:
    """The figures, or in words why there are none."""
    try:
        return _measure(measurement)
    except BoardlessError as error:
        return str(error)


def died(_measurement: Measurement, code: int | None) -> str:
    """The words for a measurement whose process ended."""
    return f"its process ended with code {code}"


def _measure(measurement: Measurement) -> Figures:
    table = measurement.table
    machine = firmware_machine(
        measurement.image,
        measurement.board,
        table.base,
        _path(measurement, table.symbols),
        _launch(measurement),
        timing=table.timing,
        hook="auto",
    )
    recording = (
        _call(machine, measurement) if table.call is not None else record_on(machine, _options(measurement))
    )
    made_by = _made_by(recording.identity)
    return figures_of(recording, machine.image, machine.board, made_by, measurement.repository)


def _launch(measurement: Measurement) -> Launch:
    """Raises UsageError for a file that is not there."""
    table, kind = measurement.table, FileAtAddress(measurement.folder)
    files = tuple(kind.take(text) for text in table.load)
    return Launch(files, table.vectors, table.start, table.console)


def _options(measurement: Measurement) -> ProfileOptions:
    table = measurement.table
    stretch = Stretch(_bytes(table.after), _bytes(table.until), table.max_cycles, table.function)
    return ProfileOptions(
        measurement.image,
        board=measurement.board,
        base=table.base,
        symbols=_path(measurement, table.symbols),
        benchmark=table.benchmark,
        input_file=_path(measurement, table.input),
        stretch=stretch,
        warmups=table.warmups,
        operators_from=table.operators_from,
        model=_path(measurement, table.model),
        source_roots=(measurement.folder,),
        timing=table.timing,
    )


def _call(machine: Machine, measurement: Measurement) -> Recording:
    """Boot the firmware, then call a function of it and record that."""
    table = measurement.table
    assert table.call is not None
    after = _bytes(table.after)
    if after is None:
        to_function(machine, MAIN)
    else:
        run_to_text(machine, after, None)
    passed = [value_of(item, measurement.folder, machine) for item in table.arguments]
    recorder = Recorder(machine, table.operators_from)
    try:
        recorder.begin()
        machine.call(table.call, *passed, returns=None)
        arguments = ", ".join(map(words_of, table.arguments))
        labels = Labels(f"{table.call}({arguments}), called", recorded_band(machine, first=False))
        return recorder.end(labels)
    finally:
        recorder.close()


def _made_by(identity: Identity) -> str:
    """What the cycles depend on besides the image: the board as it was set up, and the models."""
    facts = json.dumps(identity.board_facts, sort_keys=True, default=str)
    board = hashlib.sha256(facts.encode()).hexdigest()[:DIGITS]
    return f"{identity.board}, {identity.timing}, models {identity.models}, board {board}"


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _path(measurement: Measurement, text: str | None) -> Path | None:
    return None if text is None else measurement.path(text)
