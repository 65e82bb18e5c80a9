"""What a user says of the benchmark's desk: options of commands that put its instruments beside a machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from emulator.cli.parameter_types import InputFolder, PartsPerMillion

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
