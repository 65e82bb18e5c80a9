"""The host's side of the benchmark's serial protocol, over any byte channel.

A command is ASCII ended by ``%``; the device answers in lines and ends every answer with
``m-ready``. Errors are lines ``e-[...]``. One command at a time: the next is sent only
after ``m-ready``, because the device's command buffer is a single one.
Source: mlcommons/tiny benchmark/api (device) and benchmark/runner (host), 2026-05.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from emulator.errors import CheckFailed, LimitReached

READY = "m-ready"
PIECE_BYTES = 31
"""Payload of one ``db`` command, as both official hosts send it without a power manager."""
REPLY_PATIENCE_S = 5.0
INFER_PATIENCE_S = 30.0
"""How long the official Python runner waits for a line: of any command, and of ``infer``."""
LAP_WRAP_US = 1 << 32

_BRACKETED = re.compile(r"^m-(name-dut|profile|model|results)-\[(.*)\]$")
_LAP = re.compile(r"^m-lap-us-(\d+)$")
_ERROR = re.compile(r"^e-\[(.*)\]$")


class ProtocolError(CheckFailed):
    """The device answered, but not as the protocol says."""


class DeviceError(ProtocolError):
    """The device answered with ``e-[...]`` lines; ``messages`` holds their words."""

    def __init__(self, command: str, messages: tuple[str, ...]) -> None:
        self.messages = messages
        super().__init__(
            f"the device refused {command!r}: {'; '.join(messages)}",
            next_step="Check that the image speaks the benchmark's protocol and that the input fits it.",
        )


class ProtocolTimeout(LimitReached):
    """No (whole) line came in time; the message says what was awaited."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Modelled totals at one moment: retired instructions and core cycles since reset."""

    instructions: int
    cycles: int

    def since(self, earlier: Stamp) -> Stamp:
        """What passed between ``earlier`` and this moment."""
        return Stamp(self.instructions - earlier.instructions, self.cycles - earlier.cycles)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the device without its line end, and its moments as far as the channel knows them.

    ``began`` and ``ended``: when its first and last characters had been sent. ``time_read``:
    the firmware's last read of a running timer before the line began. ``host_s``: the host's
    own clock when the line began (seconds, from any zero).
    """

    text: str
    began: Stamp | None = None
    ended: Stamp | None = None
    time_read: Stamp | None = None
    host_s: float | None = None


class Channel(Protocol):
    """Bytes to the device, lines from it."""

    def send(self, data: bytes) -> None:
        """Hand ``data`` to the device; need not wait until it has taken them."""

    def receive_line(self, patience_s: float) -> Line:
        """The next whole line; raises :class:`ProtocolTimeout` after ``patience_s`` seconds."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What ``profile%`` tells: the protocol's version text and the benchmark (``"kws01"``)."""

    firmware: str
    model: str


@dataclass(frozen=True, slots=True)
class Results:
    """A printed result vector: its numbers and its very text."""

    values: tuple[float, ...]
    text: str

    @property
    def decimals(self) -> int:
        """Digits after the point as printed (three on most devices, six on some)."""
        return max(len(word.strip().partition(".")[2]) for word in self.text.split(","))


@dataclass(frozen=True, slots=True)
class InferenceWindow:
    """One ``infer N W``: the device's two time stamps, its results, and what the model counted.

    ``start_us``/``stop_us`` are None on an energy image, which pulses a pin instead.
    ``counts`` is what passed in the window (all N inferences), if the channel knows it:
    between the firmware's two reads of its timer; for firmware that reads no timer, between
    the first characters of the two time stamps, off by two character times at most (before
    the first one a line has just been sent, before the second one not); for an energy image,
    between the end of ``m-infer-start`` and the beginning of ``m-infer-done``.
    """

    inferences: int
    warmups: int
    start_us: int | None
    stop_us: int | None
    results: Results
    counts: Stamp | None
    began: Stamp | None = None
    """Totals at the window's beginning, where ``counts`` begins."""
    host_s: float | None = None
    """Seconds of the host's time between the two lines around the window."""

    @property
    def elapsed_us(self) -> int | None:
        """Microseconds between the stamps; a 32-bit microsecond counter may wrap once."""
        if self.start_us is None or self.stop_us is None:
            return None
        elapsed = self.stop_us - self.start_us
        return elapsed if elapsed >= 0 else elapsed % LAP_WRAP_US

    @property
    def latency_us(self) -> float | None:
        """Microseconds per inference as the device itself reported them."""
        elapsed = self.elapsed_us
        return None if elapsed is None else elapsed / self.inferences


class ProtocolHost:
    """Plays the host. Every method sends one command and waits for ``m-ready``.

    Raises :class:`DeviceError` on ``e-[...]``, :class:`ProtocolError` on an answer that
    lacks what it must hold, :class:`ProtocolTimeout` when the device falls silent.
    """

    def __init__(self, channel: Channel, *, piece_bytes: int = PIECE_BYTES) -> None:
        self._channel = channel
        self._piece_bytes = piece_bytes

    def wait_ready(self, patience_s: float = INFER_PATIENCE_S) -> tuple[Line, ...]:
        """The boot text up to and without the first ``m-ready``."""
        return self._lines_until_ready("boot", patience_s)

    def command(self, text: str, patience_s: float = REPLY_PATIENCE_S) -> tuple[Line, ...]:
        """Send ``text`` and return the reply's lines without ``m-ready``."""
        self._channel.send(f"{text}%".encode("ascii"))
        lines = self._lines_until_ready(text, patience_s)
        errors = tuple(match[1] for line in lines if (match := _ERROR.match(line.text)))
        if errors:
            raise DeviceError(text, errors)
        return lines

    def name(self) -> str:
        """The vendor's name from ``m-name-dut-[...]``."""
        return self._bracketed("name", self.command("name"), "name-dut")

    def profile(self) -> Profile:
        """Protocol version and benchmark."""
        lines = self.command("profile")
        return Profile(
            self._bracketed("profile", lines, "profile"), self._bracketed("profile", lines, "model")
        )

    def timestamp(self) -> int | None:
        """The device's clock in microseconds; None on an energy image."""
        laps = _laps(self.command("timestamp"))
        return laps[0][0] if laps else None

    def load(self, data: bytes) -> None:
        """Send an input in pieces, as the official hosts do."""
        reply = self.command(f"db load {len(data)}")
        if not any(line.text == f"m-[Expecting {len(data)} bytes]" for line in reply):
            said = "; ".join(line.text for line in reply) or "nothing"
            raise ProtocolError(
                f"the device does not take an input of {len(data)} bytes; it said: {said}",
                next_step="Give the input file of the benchmark that this image was built for.",
            )
        for start in range(0, len(data), self._piece_bytes):
            reply = self.command(f"db {data[start : start + self._piece_bytes].hex()}")
        if not any(line.text == "m-load-done" for line in reply):
            raise ProtocolError("the device did not say m-load-done after the last byte of the input")

    def infer(self, inferences: int, warmups: int) -> InferenceWindow:
        """One window of ``inferences`` after ``warmups``.

        ``warmups`` is always sent: a device that is not told takes 10. The patience between
        two lines grows with the number of inferences that pass in silence.
        """
        text = f"infer {inferences} {warmups}"
        lines = self.command(text, INFER_PATIENCE_S * max(1, inferences, warmups))
        laps = _laps(lines)
        if len(laps) not in {0, 2}:
            raise ProtocolError(f"{text!r} printed {len(laps)} m-lap-us lines; two are expected")
        edges = _window_lines(lines, laps)
        first, last = _stamps_around(*edges, stamped=bool(laps)) if edges else (None, None)
        return InferenceWindow(
            inferences=inferences,
            warmups=warmups,
            start_us=laps[0][0] if laps else None,
            stop_us=laps[1][0] if laps else None,
            results=self._results(text, lines),
            counts=last.since(first) if first is not None and last is not None else None,
            began=first,
            host_s=_host_s_between(*edges) if edges else None,
        )

    def results(self) -> Results:
        """The last results again."""
        return self._results("results", self.command("results"))

    def loaded_input(self) -> bytes:
        """The device's input buffer as ``db print`` shows it."""
        shown = [line.text.removeprefix("m-buffer-") for line in self.command("db print") if line.text]
        return bytes.fromhex("".join(shown).replace("-", ""))

    # -- parsing ---------------------------------------------------------------------
    def _lines_until_ready(self, awaited_for: str, patience_s: float) -> tuple[Line, ...]:
        lines: list[Line] = []
        while True:
            try:
                line = self._channel.receive_line(patience_s)
            except ProtocolTimeout as timeout:
                said = "; ".join(seen.text for seen in lines[-3:] if seen.text) or "nothing"
                raise ProtocolTimeout(
                    f"no m-ready after {awaited_for!r} ({timeout.what}); last lines: {said}",
                    next_step=timeout.next_step or "Is the image built for this board and this protocol?",
                ) from timeout
            if line.text == READY:
                return tuple(lines)
            lines.append(line)

    @staticmethod
    def _bracketed(command: str, lines: tuple[Line, ...], key: str) -> str:
        for line in lines:
            match = _BRACKETED.match(line.text)
            if match and match[1] == key:
                return match[2]
        raise ProtocolError(
            f"the reply to {command!r} holds no m-{key}-[...] line",
            next_step="Run the image with `boardless run` and look at its console.",
        )

    def _results(self, command: str, lines: tuple[Line, ...]) -> Results:
        text = self._bracketed(command, lines, "results")
        return parse_results(text)


def parse_results(text: str) -> Results:
    """Numbers between the brackets of ``m-results-[...]``; a trailing comma is accepted."""
    try:
        values = tuple(float(word) for word in text.split(",") if word.strip())
    except ValueError as error:
        raise ProtocolError(f"the results {text!r} are not numbers ({error})") from error
    if not values:
        raise ProtocolError("the results are empty")
    return Results(values, text)


def _laps(lines: tuple[Line, ...]) -> list[tuple[int, Line]]:
    return [(int(match[1]), line) for line in lines if (match := _LAP.match(line.text))]


def _window_lines(lines: tuple[Line, ...], laps: list[tuple[int, Line]]) -> tuple[Line, Line] | None:
    """The two lines around a window's inferences: time stamps, on an energy image start and done."""
    if laps:
        return laps[0][1], laps[1][1]
    start = next((line for line in lines if line.text.startswith("m-infer-start")), None)
    stop = next((line for line in lines if line.text.startswith("m-infer-done")), None)
    return None if start is None or stop is None else (start, stop)


def _stamps_around(start: Line, stop: Line, *, stamped: bool) -> tuple[Stamp | None, Stamp | None]:
    if not stamped:
        return start.ended, stop.began
    if start.time_read is not None and stop.time_read is not None:
        return start.time_read, stop.time_read
    return start.began, stop.began


def _host_s_between(start: Line, stop: Line) -> float | None:
    return None if start.host_s is None or stop.host_s is None else stop.host_s - start.host_s
