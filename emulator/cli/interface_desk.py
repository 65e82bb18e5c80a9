"""The interface board of the benchmark's desk beside a booted machine: its card, its timer, its wires."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from emulator.cli.parameter_types import InputFolder, PartsPerMillion
from emulator.cli.sd_card import SdCard
from emulator.links import SerialEndpoint
from emulator.machine.machine import Machine

INSTRUMENTS = "peripherals.instruments"
CATALOGUE = "benches.silicon.streaming_catalog"
HISTORY_BYTES = 1 << 16
LARGEST_ERROR_PPM = 100_000
ROLES = ("processing", "detection", "timestamp")


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """What a user says of the desk. ``pins``: by role, those that are named.

    ``audio_error_ppm`` is of the clock of its audio, ``timer_error_ppm`` of its crystal, which its timer
    counts.
    """

    sd_card: Path | None = None
    audio_error_ppm: float = 0.0
    timer_error_ppm: float = 0.0
    pins: Mapping[str, str] = field(default_factory=dict)

    def words(self) -> list[str]:
        """The same as options of ``boardless serve``."""
        words = [] if self.sd_card is None else ["--sd-card", str(self.sd_card)]
        errors = {"--audio-error": self.audio_error_ppm, "--timer-error": self.timer_error_ppm}
        for option, error in errors.items():
            words += [option, str(error)] if error else []
        for role, pin in self.pins.items():
            words += [f"--{role}-pin", pin]
        return words


def desk_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; :func:`desk_of` makes of their values what they say."""
    options = (
        click.option(
            "--sd-card",
            type=InputFolder(),
            metavar="DIR",
            help="Add the interface board, which plays this folder's WAV files to the device and notes what"
            " its pins do (streaming wake word).",
        ),
        click.option("--processing-pin", metavar="PIN", help="The pin that is high while it works on audio."),
        click.option(
            "--detection-pin", metavar="PIN", help="The pin that goes low for a moment at a wake word."
        ),
        click.option("--timestamp-pin", metavar="PIN", help="The pin of energy mode's time stamps."),
        click.option(
            "--audio-error",
            type=PartsPerMillion(LARGEST_ERROR_PPM),
            metavar="PPM",
            help="By how much the interface board's audio clock is too fast (below 0: too slow).",
        ),
        click.option(
            "--timer-error",
            type=PartsPerMillion(LARGEST_ERROR_PPM),
            metavar="PPM",
            help="By how much its crystal is too fast, from which it times the pins' edges.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def desk_of(
    *,
    sd_card: Path | None,
    processing_pin: str | None,
    detection_pin: str | None,
    timestamp_pin: str | None,
    audio_error: float | None,
    timer_error: float | None,
) -> DeskOptions:
    """What the options of :func:`desk_options` say."""
    named = zip(ROLES, (processing_pin, detection_pin, timestamp_pin), strict=True)
    pins = {role: pin for role, pin in named if pin}
    return DeskOptions(sd_card, audio_error or 0.0, timer_error or 0.0, pins)


class InterfaceDesk:
    """The board with its port, ``port``, and the pins that lead to it.

    ``device``: the device's port, when its UART leads to the board; None: it is on a port of its own.
    """

    def __init__(
        self,
        machine: Machine,
        options: DeskOptions,
        device: SerialEndpoint | None,
        *,
        before_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self.port = SerialEndpoint("interface", history_bytes=HISTORY_BYTES)
        self.pins = pins_of(machine, options.pins)
        audio, players, edges, boards = (
            importlib.import_module(f"{INSTRUMENTS}.{name}")
            for name in ("audio_master", "sound_player", "edge_recorder", "interface_board")
        )
        recorder = edges.EdgeRecorder(machine.clock, error_ppm=options.timer_error_ppm)
        wires = audio.AllWires(machine.audio_inputs.values())
        master = audio.AudioMaster(wires, machine.clock, error_ppm=options.audio_error_ppm)
        self._board = boards.InterfaceBoard(
            self.port,
            boards.NoUart() if device is None else device,
            before_ready=before_ready,
            card=None if options.sd_card is None else SdCard(options.sd_card),
            player=players.SoundPlayer(
                master, machine.clock, machine.clocks, still_plays=machine.execution.frames_came
            ),
            edges=recorder,
            told=_tell,
        )
        for role, moved in (
            ("processing", recorder.processing_changed),
            ("detection", recorder.detection_changed),
        ):
            if pin := self.pins[role]:
                machine.signals.watch(pin, moved)

    @property
    def is_playing(self) -> bool:
        """Whether the board plays a sound, so that modelled time goes on."""
        return bool(self._board.is_playing)

    def device_restarts(self) -> None:
        """Hear that the device's power comes back."""
        self._board.device_restarts()


def pins_of(machine: Machine, named: Mapping[str, str]) -> dict[str, str]:
    """Which pin is which: the user says it, else the catalogue of published images, else the board's file."""
    pins = machine.board.desk_pins()
    for source in (_published_pins(machine), named):
        pins.update({role: pin for role, pin in source.items() if pin})
    return pins


def _published_pins(machine: Machine) -> Mapping[str, str]:
    try:
        catalogue = importlib.import_module(CATALOGUE)
    except ModuleNotFoundError:  # an installation may lack the benches
        return {}
    row = None if machine.image is None else catalogue.streaming_row(machine.image.sha256)
    return {} if row is None else dict(row.pins)


def _tell(reason: str) -> None:
    click.echo(f"boardless: the interface board does not play: {reason}", err=True)
