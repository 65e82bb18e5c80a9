"""What a peripheral sees of the machine, and what the machine sees of a peripheral.

A device gets a :class:`DeviceContext` and nothing else: it never sees Unicorn, so a
test builds a context by hand and drives the device through ``read`` and ``write``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Protocol, runtime_checkable

from emulator.clock.clock import Clock
from emulator.clock.ramp import Touch
from emulator.schema.checks import read_table
from emulator.schema.table import Problem, Table, about

POWER_ON, RESET_PIN, SOFTWARE = "power_on", "pin", "software"
"""Causes of a system reset that every board has; watchdogs have names of their own."""
RESET_CAUSES = "reset_cause:"


def reset_cause(cause: str) -> str:
    """Name the signal that is high while the system is reset for ``cause``."""
    return RESET_CAUSES + cause


class InterruptLine(Protocol):
    """A level-sensitive request to the interrupt controller."""

    def set_level(self, asserted: bool) -> None:
        """Assert or release the request."""


class SerialPort(Protocol):
    """The far side of a UART's two wires: what a host, or a test, is attached to."""

    def transmit(self, data: int) -> None:
        """A whole character left the device (call when its stop bit ends)."""

    def next_received(self) -> int | None:
        """Take the next character that waits to be sent to the device, if any."""

    def waiting(self) -> int:
        """How many characters wait to be sent to the device."""

    def upcoming(self, most: int) -> Sequence[int]:
        """The next of them, in order; they go on waiting."""

    def skip(self, characters: int) -> None:
        """So many of them were sent to the device, by whoever looked at them before."""

    def transmit_all(self, data: bytes) -> None:
        """Several characters have left by now, none of which is :meth:`heeded`."""

    def heeded(self) -> bytes | None:
        """By character, whether somebody has to see it at the cycle at which it leaves; None: every one."""

    def on_waiting(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when characters start to wait on a line that had none."""

    def configured(self, baud: int) -> None:
        """The device set its baud rate (after the clock tree or the divider changed)."""


class AudioForm(Protocol):
    """The frames of a serial audio link, as its master drives them.

    A frame begins at an edge of the frame sync, which falls there if ``sync_falls``, and comes back
    ``sync_bits`` later; its first slot begins ``delay_bits`` behind the edge, and the others follow.
    """

    @property
    def slots(self) -> int:
        """Slots in a frame."""

    @property
    def slot_bits(self) -> int:
        """Bits of a slot, which a word of data fills, the most significant bit first."""

    @property
    def sync_bits(self) -> int:
        """For so many bit clocks the frame sync is active."""

    @property
    def delay_bits(self) -> int:
        """So many bit clocks after the frame sync the first slot begins: 1 in the I2S standard."""

    @property
    def sync_falls(self) -> bool:
        """Whether the frame sync falls, and not rises, where a frame begins."""


class AudioFrames(Protocol):
    """Frames that a master outside drives on the wires of an audio link, at moments of its own."""

    @property
    def form(self) -> AudioForm:
        """What each frame is like."""

    @property
    def frames(self) -> int:
        """How many there are; behind the last one the wires stand still."""

    def ended(self, picoseconds: int) -> int:
        """How many have ended at that time since reset."""

    def ends_at(self, frame: int) -> int:
        """When a frame ends, in picoseconds since reset; frame -1: when the first one begins."""

    def words(self, first: int, count: int) -> Sequence[int]:
        """The words of ``count`` frames from ``first`` on: those of a frame behind each other."""


class AudioInput(Protocol):
    """The bit clock, frame sync and data wires of an audio receiver."""

    @property
    def playing(self) -> AudioFrames | None:
        """What is driven on them."""

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` after something else is driven on the wires, or nothing any more."""

    def listens(self, on: bool) -> None:
        """The receiver takes what comes from now on, or takes nothing any more."""

    def took(self, frames: int) -> None:
        """The receiver has taken so many frames."""


class SilentInput:
    """An audio input that the board leaves open."""

    playing: AudioFrames | None = None

    def on_change(self, callback: Callable[[], None]) -> None:
        """Nothing will ever change."""

    def listens(self, on: bool) -> None:
        """Nobody hears of it."""

    def took(self, frames: int) -> None:
        """Nor of this."""


class NothingAnswers(Exception):
    """An access that no memory and no device answers."""


class Memory(Protocol):
    """The bus as a DMA master sees it; device registers included. Raises NothingAnswers."""

    def read(self, address: int, size_bytes: int) -> int:
        """Read 1, 2 or 4 bytes, little endian."""

    def write(self, address: int, size_bytes: int, value: int) -> None:
        """Write 1, 2 or 4 bytes, little endian."""

    def read_again(self, address: int, size_bytes: int, count: int) -> bytes:
        """Read 1, 2 or 4 bytes ``count`` times from the same place, as from a data register."""

    def write_all(self, address: int, data: bytes) -> None:
        """Write a stretch of memory."""


class FlashArray(Protocol):
    """Memories that take no stores by themselves, flash or ROM: what their own controller does with them."""

    def serve_stores(self, first: int, size_bytes: int, stored: Callable[[int, int, int], bool]) -> None:
        """Call ``stored(address, size_bytes, value)`` for stores there; False: the store is a bus fault."""

    def put(self, address: int, data: bytes) -> None:
        """Put bytes there: what was programmed, or erased. Code of before is forgotten.

        Raises NothingAnswers.
        """


class NoFlash:
    """No memory at all takes anything."""

    def serve_stores(self, first: int, size_bytes: int, stored: Callable[[int, int, int], bool]) -> None:
        """No store comes."""

    def put(self, address: int, data: bytes) -> None:  # noqa: ARG002
        """Nothing is there."""
        raise NothingAnswers


class MemoryTuning(Protocol):
    """How firmware's writes to flash and cache controllers reach the memory model."""

    def configure(self, accelerator: str, **parameters: int) -> None:
        """Set parameters of one accelerator by name.

        For example ``configure("flash", wait_states=5, prefetch=1, instruction_cache=1)``.
        """

    def invalidate(self, accelerator: str, cache: str) -> None:
        """Empty one cache (``"instruction"`` or ``"data"``) of an accelerator."""

    def hits_and_misses(self, accelerator: str, cache: str) -> tuple[int, int]:
        """Of one cache of an accelerator so far; none of a memory that is not timed, or has no such cache."""


class ClockTree(Protocol):
    """Named clocks in hertz, as a clock controller (RCC, SRSS) has set them."""

    def hz(self, name: str) -> int:
        """Frequency of a clock such as ``"core"``, ``"pclk1"`` or ``"lpuart1"``."""

    def set(self, frequencies: Mapping[str, int]) -> None:
        """Called by the clock controller: new frequencies; ``"core"`` moves the one clock."""

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` after frequencies changed (UARTs and timers re-plan)."""

    def before_change(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` just before frequencies change (timers fold their count)."""


class Signals(Protocol):
    """Wires between devices and the board by name: pins, DMA requests, triggers."""

    def set(self, name: str, level: int) -> None:
        """Drive a wire, e.g. ``set("PG10", 1)`` or ``set("dma:LPUART1_RX", 1)``."""

    def get(self, name: str) -> int:
        """The wire's level; 0 when nothing drives it."""

    def watch(self, name: str, callback: Callable[[int], None]) -> None:
        """Call ``callback(level)`` whenever the wire's level changes."""


ALL_BITS = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class DescribedWord:
    """What a board's register map says of a word of registers.

    ``writable``: bits that a write stores. ``ones_clear``: bits that writing 1 clears. ``readable``: bits
    that a read shows; those of a write-only register read as 0.
    """

    reset: int = 0
    writable: int = ALL_BITS
    ones_clear: int = 0
    readable: int = ALL_BITS


TIMING = "timing"
"""What is left out costs time and nothing else: ``--strict`` lets it be."""


@dataclass(slots=True)
class DeviceContext:
    """Everything that one device instance is given.

    ``interrupts`` maps the device's own names for its lines (``"global"``, ``"update"``)
    to lines of the interrupt controller. ``parameters`` come from the board's TOML.
    ``unmodelled(offset, access, what)`` remembers an access that the model does not cover; ``access``
    is "read", "write", or :data:`TIMING` for one that does all that it should but in no time.
    ``described(offset)``: what the board's register map says of the word at ``base + offset``.
    ``audio(name)``: the wires of one of its audio inputs, by the device's own name for it.
    ``flash``: for a flash controller, the memories that it programs and erases.
    ``request_reset(reason)`` resets the system (a watchdog; it sets the signal of its cause, see
    :func:`reset_cause`); ``touch(ramp)`` says that a read just made has a value that changes with
    time (``ramp``: how, where that is known), ``consumed()`` that it was not idempotent (it
    took a character, say), so that the machine does not take a loop around it for idle waiting.
    """

    name: str
    base: int
    clock: Clock
    clocks: ClockTree
    memory: Memory
    tuning: MemoryTuning
    signals: Signals
    interrupts: Mapping[str, InterruptLine] = field(default_factory=dict)
    serial: SerialPort | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unmodelled: Callable[[int, str, str], None] = lambda _offset, _access, _what: None
    described: Callable[[int], DescribedWord | None] = lambda _offset: None
    request_reset: Callable[[str], None] = lambda _reason: None
    audio: Callable[[str], AudioInput] = lambda _name: SilentInput()
    flash: FlashArray = field(default_factory=NoFlash)
    touch: Touch = lambda _ramp=None: None
    consumed: Callable[[], None] = lambda: None


ClockName = Annotated[str, about("The clock that it runs from.", names_a="clock", example="pclk1")]
"""Of a clock that a clock controller of the board provides; ``"core"`` is always there."""


class DeviceParameters(Table, frozen=True):
    """What ``[devices.NAME.parameters]`` may hold: nothing, unless a class declares its own."""

    def highest_line(self) -> int | None:
        """The highest number that ``#`` stands for in the names of the device's lines; None: any."""
        return None


class ClockedParameters(DeviceParameters, frozen=True):
    """Of a device that runs from a clock."""

    clock: ClockName = "core"


class Device(ABC):
    """One memory-mapped peripheral. Built as ``DeviceClass(context)``.

    What a board file may say of it is declared by the class: its ``PARAMETERS`` (read as
    ``self.parameters``), the interrupt ``LINES`` that it has (``#`` stands for a number:
    ``"channel#"``), the :meth:`clocks` that it provides if it is a clock controller, and its
    :meth:`pins`. ``has_serial`` says that it drives a serial port.
    """

    PARAMETERS: ClassVar[type[DeviceParameters]] = DeviceParameters
    LINES: ClassVar[tuple[str, ...]] = ()
    has_serial: ClassVar[bool] = False
    size_bytes = 0x400
    parameters: DeviceParameters

    def __init__(self, context: DeviceContext) -> None:
        self.context = context
        self.parameters = read_table(
            self.PARAMETERS, context.parameters, f"devices.{context.name}.parameters"
        )

    @classmethod
    def contradictions(cls, parameters: Mapping[str, Any]) -> Iterable[Problem]:  # noqa: ARG003
        """What of parameters that are right each for itself can't be, in this class."""
        return ()

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """The named clocks that a clock controller provides."""
        return ()

    @classmethod
    def pins(cls, name: str, parameters: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003
        """The wires of the outside world that a device of this name reads and drives, as ``"PG10"``."""
        return ()

    @classmethod
    def register_bytes(cls, parameters: DeviceParameters) -> int:  # noqa: ARG003
        """How far its registers reach from its base: what a board's window must hold at least."""
        return 0

    @classmethod
    def register_names(cls, parameters: DeviceParameters) -> Mapping[int, str]:  # noqa: ARG003
        """What its registers are called in the vendor's manual, by their offsets, as far as it tells."""
        return {}

    @abstractmethod
    def reset(self) -> None:
        """Put every register to its reset value."""

    @abstractmethod
    def read(self, offset: int, size_bytes: int) -> int:
        """A load from ``base + offset``."""

    @abstractmethod
    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """A store to ``base + offset``."""

    @abstractmethod
    def save(self) -> Any:
        """State for a snapshot (plain data, deep-copied)."""

    @abstractmethod
    def load(self, state: Any) -> None:
        """Put a saved state back."""

    @abstractmethod
    def register_name(self, offset: int) -> str:
        """The register's name in the vendor's manual, for reports."""


@dataclass(frozen=True, slots=True)
class OrdinaryInput:
    """A receiver to which nothing but characters happens, as firmware finds it.

    ``status_offset``: of a word that is ``empty`` without a character and ``full`` with one, both without
    the bits ``busy`` once no character is on its way;
    ``data_offset``: of a word whose read takes the character, and gives ``last`` when there is none;
    ``clear_offset``: of a register to which stores have no effect but to clear flags, of which
    ``sticky`` are set. ``line``: the interrupt line that is asserted as long as there is a character, ""
    for none. ``held``: a character that came and was not read. ``characters``: those that wait, as
    they will be read; the first comes at ``at_cycles``, others ``character_cycles`` behind each other.
    """

    status_offset: int
    data_offset: int
    clear_offset: int
    empty: int
    full: int
    busy: int
    sticky: int
    line: str
    held: int | None
    last: int
    characters: Sequence[int]
    at_cycles: int
    character_cycles: int


@runtime_checkable
class LendsInput(Protocol):
    """A device whose input may be served by the engine for a while."""

    context: DeviceContext
    size_bytes: int

    def characters_waiting(self) -> int:
        """How many characters wait for it."""

    def lend_input(self, most: int) -> OrdinaryInput | None:
        """Stop receiving, and say what would be; None, and go on, when more may happen than that.

        ``most``: characters. Nothing else is asked of the device before :meth:`take_back_input`.
        """

    def take_back_input(self, received: int, *, held: int | None, last: int, at_cycles: int) -> None:
        """So many characters have come; ``held`` is left.

        Go on: the next one comes at ``at_cycles``, or the line has been quiet for a character's time then.
        """


@dataclass(frozen=True, slots=True)
class OrdinaryOutput:
    """A transmitter that shifts a character out, beside which at most one more waits.

    ``status_offset``: of a word that is ``full`` while one waits and ``ready`` while none does, and whose
    read changes nothing; ``data_offset``: of a word, now ``data``, of which stores replace the bits
    ``writable``; those in ``mask`` are then the character that waits, ``held`` (None: none does).
    ``sending`` is on the wire until ``at_cycles``; others take ``character_cycles``. Nobody is interrupted.
    """

    status_offset: int
    data_offset: int
    full: int
    ready: int
    data: int
    writable: int
    mask: int
    held: int | None
    sending: int
    at_cycles: int
    character_cycles: int


@runtime_checkable
class LendsOutput(Protocol):
    """A device whose output may be served by the engine for a while.

    ``OUTPUT_OFFSET``: of the register to which characters are stored.
    """

    OUTPUT_OFFSET: ClassVar[int]
    context: DeviceContext
    size_bytes: int

    def lend_output(self) -> OrdinaryOutput | None:
        """Stop sending, and say what would be; None, and go on, when more may happen than that.

        Nothing else is asked of the device before :meth:`take_back_output`.
        """

    def take_back_output(self, *, sending: int, held: int | None, data: int, at_cycles: int) -> None:
        """Go on: ``sending`` leaves at ``at_cycles``, ``held`` waits, the data register is ``data``."""


@runtime_checkable
class ReadsAgain(Protocol):
    """A device with a data register of which several words at once can be taken."""

    def read_again(self, offset: int, size_bytes: int, count: int) -> bytes | None:
        """What ``count`` reads of ``offset`` behind each other give; None: read it word by word."""


@runtime_checkable
class SerialDevice(Protocol):
    """A device that drives a serial port. The core may stop for good; the wires go on."""

    def send_held(self) -> None:
        """Let what it holds for the wire leave at once, as far as no processor is needed for that."""


@dataclass(frozen=True, slots=True)
class CoprocessorInstruction:
    """An instruction for a coprocessor, as the core sends it (ARMv8-M ARM, C2.4: CDP, MCR, MCRR, MRC, MRRC).

    ``name``: of those five; ``second``: its second form (CDP2 ...). ``opcodes``: opc1 and opc2, 0 where
    there is none; ``registers``: CRn, CRm, CRd, of which MCR and MRC have two, MCRR and MRRC CRm alone.
    ``values``: of the core's registers, that MCR and MCRR send.
    """

    name: str
    second: bool
    opcodes: tuple[int, int]
    registers: tuple[int, int, int]
    values: tuple[int, ...] = ()


@runtime_checkable
class HasCoprocessors(Protocol):
    """A device that the core reaches through coprocessor instructions, too.

    ``COPROCESSORS``: their numbers, of 0 to 7.
    """

    COPROCESSORS: ClassVar[tuple[int, ...]]

    def coprocess(self, number: int, instruction: CoprocessorInstruction) -> tuple[int, ...] | None:
        """Execute it; what MRC (a word) and MRRC (two) bring. None: the coprocessor knows no such one."""
