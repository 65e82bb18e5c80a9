"""A scripted device: answers as the reference firmware does, behind the machine's interface.

It has no core: an inference takes a fixed number of cycles and instructions. Line texts,
spelling and quirks follow the whole conversations with real boards (EnergyRunner and the
Python runner, rounds 0.5 to 1.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

BUFFER_BYTES = 27648
CHARACTER_CYCLES = 10_000


@dataclass
class Counts:
    instructions: int = 0
    cycles: int = 0


@dataclass
class FakeClock:
    core_hz: int = 100_000_000


class FakeConsole:
    def __init__(self) -> None:
        self.listeners: list[Callable[[bytes], None]] = []
        self.received = bytearray()
        self.output = bytearray()

    def subscribe(self, listener: Callable[[bytes], None], _heeds: object = None) -> None:
        self.listeners.append(listener)

    def feed(self, data: bytes) -> None:
        self.received += data


@dataclass
class FakeHook:
    kind: str = "fake"


@dataclass
class FakeImage:
    sha256: str = "00" * 32
    path: str = "fake.elf"


@dataclass
class FakeBoard:
    name: str = "fake-board"
    core: str = "cortex-m4"
    accelerators: tuple = ()


def fixed_results(_data: bytes) -> str:
    return "0.250,0.750,"


@dataclass
class FakeMachine:
    """``results`` prints a vector for an input; ``overwrites``: later inferences print rubbish."""

    model: str = "vww01"
    results: Callable[[bytes], str] = fixed_results
    inference_cycles: int = 1_000_000
    inference_instructions: int = 700_000
    energy: bool = False
    overwrites: bool = False
    silent_on: str = ""
    boots: bool = True
    interrupt_after_inferences: int | None = None
    clock: FakeClock = field(default_factory=FakeClock)
    console: FakeConsole = field(default_factory=FakeConsole)
    other_port: FakeConsole = field(default_factory=FakeConsole)
    counts: Counts = field(default_factory=Counts)
    image: FakeImage = field(default_factory=FakeImage)
    board: FakeBoard = field(default_factory=FakeBoard)
    hook: FakeHook = field(default_factory=FakeHook)
    reads_timer: bool = True
    commands: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._outgoing: list[tuple[int, int, bytes | None]] = []
        self._buffer = b""
        self._expected = 0
        self._loaded = b""
        self._inferences = 0
        self._interrupted = False
        self.time_read: Counts | None = None
        if self.boots:
            mode = "energy" if self.energy else "performance"
            self._say(f"m-timestamp-mode-{mode}")
            self._say(*self._stamp(), "m-init-done", "m-ready")

    # -- the machine's interface -------------------------------------------------------
    def run(
        self,
        until: bytes | str | None = None,
        *,
        max_cycles: int | None = None,
        wall_limit: float | None = None,
        quiet_seconds: float = 1.0,
    ) -> str:
        limit = self.counts.cycles + (max_cycles or 1 << 62)
        wanted = until.encode() if isinstance(until, str) else until
        while True:
            while self._outgoing:
                instructions, cycles, data = self._outgoing[0]
                if self.counts.cycles + cycles > limit:
                    self.counts.cycles = limit
                    return "max_cycles"
                self._outgoing.pop(0)
                self.counts.instructions += instructions
                self.counts.cycles += cycles
                if data is None and self.reads_timer:
                    self.time_read = Counts(self.counts.instructions, self.counts.cycles)
                if data:
                    self.console.output += data
                    for listener in self.console.listeners:
                        listener(data)
                    if self._interrupted:
                        self._interrupted = False
                        return "interrupted"
                    if wanted and data == wanted:
                        return "until"
            if not self._take_command():
                return "idle"

    @property
    def serial_ports(self) -> dict[str, FakeConsole]:
        return {"other": self.other_port, "console": self.console}

    def interrupt(self) -> None:
        self._interrupted = True

    # -- the firmware ------------------------------------------------------------------
    def _say(self, *lines: str) -> None:
        for line in lines:
            for byte in f"{line}\r\n".encode():
                self._outgoing.append((100, CHARACTER_CYCLES, bytes([byte])))

    def _pass(self, instructions: int, cycles: int) -> None:
        self._outgoing.append((instructions, cycles, b""))

    def _microseconds(self) -> int:
        waiting = sum(cycles for _, cycles, _ in self._outgoing)
        return (self.counts.cycles + waiting) * 1_000_000 // self.clock.core_hz

    def _stamp(self) -> list[str]:
        if self.energy:
            return []
        self._outgoing.append((0, 0, None))  # the read of the timer
        return [f"m-lap-us-{self._microseconds()}"]

    def _take_command(self) -> bool:
        end = self.console.received.find(b"%")
        if end < 0:
            return False
        text = self.console.received[:end].decode("ascii", "replace")
        del self.console.received[: end + 1]
        self.commands.append(text)
        if self.silent_on and text.startswith(self.silent_on):
            return True
        self._answer(text.split())
        self._say("m-ready")
        return True

    def _answer(self, words: list[str]) -> None:
        match words:
            case ["name"]:
                self._say("m-name-dut-[Fake Vendor]")
            case ["profile"]:
                self._say("m-profile-[ULPMark for tinyML Firmware V0.0.1]", f"m-model-[{self.model}]")
            case ["timestamp"]:
                self._say(*self._stamp())
            case ["db", *rest]:
                self._answer_db(rest)
            case ["infer", *rest]:
                self._answer_infer(rest)
            case ["results"]:
                self._say(f"m-results-[{self.results(self._loaded)}]")
            case _:
                self._say(f"e-[Unknown command: {words[0] if words else ''}]")

    def _answer_db(self, words: list[str]) -> None:
        match words:
            case []:
                self._say("e-[Command 'db' requires a subcommand]")
            case ["load"]:
                self._say("e-[Command 'db load' requires the # of bytes]")
            case ["load", count] if int(count) <= 0:
                self._say("e-[Command 'db load' must be >0 bytes]")
            case ["load", count] if int(count) > BUFFER_BYTES:
                self._say(f"Supplied buffer size {count} exceeds maximum of {BUFFER_BYTES}")
            case ["load", count]:
                self._expected, self._buffer = int(count), b""
                self._say(f"m-[Expecting {count} bytes]")
            case ["print"]:
                for start in range(0, len(self._loaded), 8):
                    self._say("m-buffer-" + self._loaded[start : start + 8].hex("-"))
            case [digits, *_] if len(digits) % 2:
                self._say("e-[Insufficent number of hex digits]")
            case [digits, *_]:
                before = len(self._buffer)
                self._buffer = (self._buffer + bytes.fromhex(digits))[: self._expected]
                if before < self._expected == len(self._buffer):
                    self._loaded = self._buffer
                    self._say("m-load-done")

    def _answer_infer(self, words: list[str]) -> None:
        inferences = int(words[0]) if words else 1
        warmups = int(words[1]) if len(words) > 1 else 10
        if inferences <= 0:
            self._say("e-[Inference iterations must be >0]")
            return
        self._inferences += inferences + warmups
        if self.interrupt_after_inferences is not None and self._inferences > self.interrupt_after_inferences:
            raise KeyboardInterrupt
        self._say(f"m-warmup-start-{warmups}")
        self._pass(warmups * self.inference_instructions, warmups * self.inference_cycles)
        self._say("m-warmup-done", f"m-infer-start-{inferences}")
        self._say(*self._stamp())
        self._pass(inferences * self.inference_instructions, inferences * self.inference_cycles)
        self._say(*self._stamp(), "m-infer-done")
        rubbish = self.overwrites and inferences + warmups > 1
        self._say(f"m-results-[{'0.500,0.500,' if rubbish else self.results(self._loaded)}]")
