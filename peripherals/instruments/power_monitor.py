"""A power monitor with the command language of ST's X-NUCLEO-LPM01A (PowerShield).

Its samples come from an energy model, in modelled time: they are simulated. Samples are made
when somebody looks (:meth:`PowerMonitor.advance`), never by a clock of their own, so that a
device that waits for its host still lets time stand still. Source of the commands: UM2243
(LPM01A user manual) as far as mlcommons/tiny benchmark/runner uses them, 2026-05.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from peripherals.instruments.host_port import CommandPort, HostPort

PROMPT = "PowerShield > "
VERSION = "1.0.0"
BOARD_ID = "426F6172646C6573732E"
PICOSECONDS_PER_SECOND = 10**12
SAMPLES_PER_TIME_STAMP = 1000
SECONDS_SHOWN = 1000  # three digits
MANTISSA_DIGITS = 4
SMALLEST_EXPONENT = -12
FREQUENCIES_HZ = (100_000, 50_000, 20_000, 10_000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
LARGEST_ASCII_HZ = 10_000
VOLTAGES_MV = (1800, 3300)

SETTINGS: dict[str, str] = {
    "lcd": r'[12] ".{0,16}"',
    "acqtime": r"\w+",
    "acqmode": r"dyn|stat",
    "funcmode": r"optim|high",
    "trigdelay": r"\w+",
    "trigsrc": r"sw|d7",
    "eventsrc": r"d7 (fal|ris|fal_ris)",
    "currthres": r"\w+",
    "pwrend": r"on|off",
    "format": r"ascii_dec",
    "htc": r"",
    "hrc": r"",
    "calib": r"",
}
"""Commands that are acknowledged and change nothing here, with what they may be given."""


class Meter(Protocol):
    """Cumulated energy over modelled time."""

    def now_picoseconds(self) -> int:
        """Modelled time up to which energy is known."""

    def energy_at(self, picoseconds: int) -> float:
        """Joules since the beginning, at a moment not later than now."""

    @property
    def supply_mv(self) -> int:
        """The device's supply in millivolts."""

    def set_supply(self, millivolts: int) -> None:
        """Feed the device with another voltage from now on."""


class PowerMonitor:
    """One monitor.

    Call :meth:`advance` as modelled time passes, :meth:`event` at a rising edge of the
    time-stamp pin: the monitor names its events ``ris``, and published logs count one for an
    image that raises its pin for a moment while it boots and only then lowers it for good.
    ``power_comes`` is called when the host switches the device's power on again
    after it was off. Until a host takes control the device has power.
    """

    def __init__(
        self, port: HostPort, meter: Meter, *, power_comes: Callable[[], None] = lambda: None
    ) -> None:
        self._meter = meter
        self._power_comes = power_comes
        self._host = CommandPort(port, b"\r\n", self._command)
        self._output = "current"
        self._frequency_hz = 100
        self._power_on = True
        self._running = False
        self._next_picoseconds = 0
        self._energy = 0.0
        self._samples = self._events = 0

    # -- modelled time -----------------------------------------------------------------------
    def advance(self) -> None:
        """Send the samples that are due by now."""
        now = self._meter.now_picoseconds()
        if not self._running or now < self._next_picoseconds:
            return
        period = PICOSECONDS_PER_SECOND // self._frequency_hz
        lines: list[str] = []
        while self._next_picoseconds <= now:
            energy = self._meter.energy_at(self._next_picoseconds)
            lines.append(number_text(self._value(energy - self._energy)))
            self._energy = energy
            self._samples += 1
            self._next_picoseconds += period
            if self._samples % SAMPLES_PER_TIME_STAMP == 0:
                lines.append(self._time_stamp())
        self._host.write("".join(f"{line}\r\n" for line in lines))

    def event(self) -> None:
        """The time-stamp pin rose: number it, after the samples before it."""
        self.advance()
        if self._running:
            self._host.write_line(f"event {self._events} ris")
            self._events += 1

    def _value(self, joules: float) -> float:
        if not self._power_on:
            return 0.0
        if self._output == "energy":
            return joules
        return joules * self._frequency_hz / (self._meter.supply_mv / 1000)

    def _time_stamp(self) -> str:
        milliseconds = self._samples * 1000 // self._frequency_hz
        seconds, milliseconds = divmod(milliseconds, 1000)
        return f"TimeStamp: {seconds % SECONDS_SHOWN:03d}s {milliseconds:03d}ms, buff 00%"

    # -- commands ----------------------------------------------------------------------------
    def _command(self, command: str) -> None:
        self.advance()
        word, _, argument = command.partition(" ")
        actions: dict[str, Callable[[str], tuple[str, ...] | None]] = {
            "output": self._set_output,
            "freq": self._set_frequency,
            "volt": self._set_voltage,
            "pwr": self._set_power,
            "start": self._start,
            "stop": self._stop,
            "powershield": lambda _argument: (f"PowerShield present: {BOARD_ID} (simulated)",),
            "version": lambda _argument: (VERSION,),
            "status": lambda _argument: ("ok",),
        }
        if word in SETTINGS:
            good = re.fullmatch(SETTINGS[word], argument) is not None
            answer: tuple[str, ...] | None = () if good else None
        elif word in actions:
            answer = actions[word](argument)
        else:
            answer = None
        if answer is None:
            self._host.write_line(f"{PROMPT}error {command}")
            self._host.write_line("Error detail: unknown command or argument")
            return
        self._host.write_line(f"{PROMPT}ack {command}")
        for line in answer:
            self._host.write_line(f"{PROMPT}{line}")

    def _set_output(self, argument: str) -> tuple[str, ...] | None:
        if argument not in ("current", "energy"):
            return None
        self._output = argument
        return ()

    def _set_frequency(self, argument: str) -> tuple[str, ...] | None:
        match = re.fullmatch(r"(\d{1,6})(k?)", argument)
        hertz = int(match[1]) * (1000 if match[2] else 1) if match else 0
        if hertz not in FREQUENCIES_HZ or hertz > LARGEST_ASCII_HZ:
            return None
        self._frequency_hz = hertz
        return ()

    def _set_voltage(self, argument: str) -> tuple[str, ...] | None:
        if argument == "get":
            return (f"{self._meter.supply_mv}m",)
        match = re.fullmatch(r"(\d{1,5})m", argument)
        if match is None or not VOLTAGES_MV[0] <= int(match[1]) <= VOLTAGES_MV[1]:
            return None
        self._meter.set_supply(int(match[1]))
        return ()

    def _set_power(self, argument: str) -> tuple[str, ...] | None:
        state, _, report = argument.partition(" ")
        if state == "get":
            return ("on" if self._power_on else "off",)
        if state not in ("auto", "on", "off") or report not in ("", "nostatus", "status"):
            return None
        was_on, self._power_on = self._power_on, state != "off"
        if self._power_on and not was_on:
            self._power_comes()
        return ()

    def _start(self, argument: str) -> tuple[str, ...] | None:
        if argument or self._running:
            return None
        self._running = True
        now = self._meter.now_picoseconds()
        self._energy = self._meter.energy_at(now)
        self._next_picoseconds = now + PICOSECONDS_PER_SECOND // self._frequency_hz
        self._samples = self._events = 0
        return ()

    def _stop(self, argument: str) -> tuple[str, ...] | None:
        if argument:
            return None
        self._running = False
        return (f"Acquisition completed: {self._samples} samples (simulated)",)


def number_text(value: float) -> str:
    """``DDDD-DD`` or ``DDDD+DD``: four digits and a power of ten."""
    if value <= 0:
        return "0000+00"
    mantissa, _, exponent = f"{value:.{MANTISSA_DIGITS - 1}e}".partition("e")
    power = int(exponent) - (MANTISSA_DIGITS - 1)
    digits = mantissa.replace(".", "")
    if power < SMALLEST_EXPONENT - MANTISSA_DIGITS:
        return "0000+00"
    return f"{digits}{power:+03d}"
