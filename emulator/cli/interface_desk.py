"""The interface board of the benchmark's desk beside a booted machine: its card, its timer, its wires."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

import click

from emulator.cli.desk_options import DeskOptions
from emulator.cli.sd_card import SdCard
from emulator.links import SerialEndpoint
from emulator.machine.machine import Machine

INSTRUMENTS = "peripherals.instruments"
CATALOGUE = "benches.silicon.streaming_catalog"
HISTORY_BYTES = 1 << 16


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
