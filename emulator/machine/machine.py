"""A board without the board: load an image, feed it bytes, run it, read its counts.

from emulator import Machine
machine = Machine("nucleo-l4r5zi")
machine.load("firmware.elf")
machine.run(until="m-ready")
print(machine.counts)
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.board.model import Board
from emulator.board.schema import VECTOR_TABLE_ALIGNMENT
from emulator.bus.bus import Unmodelled
from emulator.device import POWER_ON, RESET_PIN
from emulator.engine.core import Core
from emulator.engine.counts import Counts
from emulator.engine.hook import NO_ADDRESS, BlockHook
from emulator.errors import GuestFault, UsageError
from emulator.image.model import Image, Symbol
from emulator.image.names import find_symbol
from emulator.image.place import place_of
from emulator.links.audio_input import AudioWires
from emulator.links.endpoint import SerialEndpoint
from emulator.links.text_watch import TextWatch
from emulator.machine.awaited import AwaitedRegister, access_fields, awaited_registers
from emulator.machine.call import FunctionCalls
from emulator.machine.energy import EnergyMeter
from emulator.machine.execution import QUIET_SECONDS, RunLimits, StopReason
from emulator.machine.parts import MachineParts
from emulator.machine.snapshot import Snapshot, put_back, take_snapshot
from emulator.machine.stepping import Stepping
from emulator.schema.table import ADDRESS_SPACE_BYTES

if TYPE_CHECKING:
    from emulator.image.launch import Loaded


class Machine:
    """One emulated board.

    ``timing``: ``"memory"`` (core and memories), ``"core"`` (zero wait states everywhere) or
    ``"count"`` (instructions alone). ``hook``: ``"native"``, ``"python"`` or ``"auto"`` (native
    when it was built). ``strict``: an access that no model covers is an error. ``files_dir``:
    where semihosting may open files; nowhere by default. ``arguments``: what a program finds in its
    command line (semihosting's SYS_GET_CMDLINE) behind its name. ``call("function", *arguments)`` calls
    one function of the firmware: :class:`~emulator.machine.call.FunctionCalls`. ``prices_folder``: where
    what is known of instructions and blocks stays from one run to the next; nowhere by default. ``console``:
    another than the board's, a device's name, ``"semihosting"``, ``"rtt:1"``, ``"itm"`` or ``"none"``.
    ``vectors``: the address of another vector table than the board's.

    Its parts, for whoever needs more than its methods: ``engine`` executes and prices blocks,
    ``system`` is the core's exceptions and registers, ``bus`` and ``devices`` are what answers
    register accesses, ``clock`` and ``clocks`` are time, ``execution`` is the run loop.

    Raises BoardError, ImageError, UsageError; :class:`GuestFault` when the firmware crashes.
    """

    def __init__(
        self,
        board: Board | str,
        *,
        timing: str = "memory",
        hook: str = "auto",
        strict: bool = False,
        files_dir: str | Path | None = None,
        arguments: str = "",
        prices_folder: str | Path | None = None,
        console: str | None = None,
        vectors: int | None = None,
    ) -> None:
        self._prices_folder = None if prices_folder is None else Path(prices_folder)
        folder = Path(files_dir) if files_dir is not None else None
        described = _board(board)
        if console is not None:
            described = replace(described, console=console)
        if vectors is not None:
            described = replace(described, vector_table=_checked_table(vectors))
        self._parts = MachineParts(described, timing=timing, hook=hook, strict=strict,
                                   files_dir=folder, arguments=arguments)  # fmt: skip
        self.board = self._parts.board
        self.engine = self._parts.engine
        self.system = self._parts.system
        self.bus = self._parts.bus
        self.devices = self._parts.devices
        self.clock = self._parts.clock
        self.clocks = self._parts.clocks
        self.signals = self._parts.signals
        self.accesses = self._parts.accesses
        self.overhead = self._parts.overhead
        self.execution = self._parts.execution
        self.call = FunctionCalls(self.engine, self.execution, self._parts.sleep, self._parts.requests,
                                  fpu=self.system.fpu, image=lambda: self.image)  # fmt: skip

    def __repr__(self) -> str:
        board, counts = self.board, self.counts
        name, where = "no image", ""
        if self.image is not None:
            name = Path(self.image.path).name
            where = f" {'asleep ' * self.asleep}at {self.where()}"
        return (
            f"<Machine {board.name} ({board.core}, {self.clock.core_hz / 1e6:g} MHz), {name}{where},"
            f" {counts.instructions:,} instructions, {counts.cycles:,} cycles>"
        )

    # -- images and reset --------------------------------------------------------------------
    def load(
        self,
        image: Image | str | Path,
        base: int | None = None,
        *,
        symbols: str | Path | None = None,
        load: Sequence[Loaded] = (),
        start: int | None = None,
    ) -> Image:
        """Load an image and reset. ``symbols``: an ELF or linker map with its names. Raises ImageError.

        ``load``: further files of the chip's memory, raw bytes with their address, as
        ``("settings.bin", 0x080E0000)``. ``start``: where the core begins, in place of a vector table's
        first instruction.
        """
        if not isinstance(image, Image):
            from emulator.image.loader import load_image  # noqa: PLC0415 -- pyelftools only when asked for

            image = load_image(Path(image), base=base, board=self.board)
        if load or start is not None:
            from emulator.image.launch import Launch, added_files  # noqa: PLC0415 -- as above

            image = Launch(added_files(load), start=start).image(image, self.board)
        if symbols is not None:
            from emulator.image.symbol_file import add_symbols  # noqa: PLC0415 -- as above

            image = add_symbols(image, Path(symbols))
        self._parts.use_image(image)
        if self._prices_folder is not None:
            from emulator.engine.kept_automaton import keep_prices  # noqa: PLC0415 -- as above

            keep_prices(self.engine, self._prices_folder, image.sha256)
        for segment in image.segments:
            if segment.data:
                self.engine.write_memory(segment.address, segment.data)
        self._parts.reset(POWER_ON)
        return image

    def reset(self) -> None:
        """System reset by the reset pin: core, system registers and devices; memory and time stay."""
        self._parts.reset(RESET_PIN)

    # -- running -----------------------------------------------------------------------------
    def run(
        self,
        until: bytes | str | None = None,
        *,
        max_cycles: int | None = None,
        wall_limit: float | None = None,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> StopReason:
        """Run until the console has sent ``until`` (from now on), or a limit, or idle.

        ``quiet_seconds``: a firmware that waits while timers go on counts as idle after so
        much modelled time without a character on any serial port. Raises GuestFault.
        """
        limits = RunLimits(max_cycles, wall_limit, quiet_seconds)
        if until is None:
            return self._run(limits)
        watch = TextWatch(self.console, until.encode() if isinstance(until, str) else until)
        try:
            return self._run(limits, lambda: watch.found)
        finally:
            watch.close()

    def run_to(self, address: int, *, max_cycles: int | None = None) -> StopReason:
        """Run until the block at ``address`` is about to begin: ``StopReason.BREAK``, or another reason.

        A machine that stands there already comes back at once. Blocks begin at functions and
        at the targets of branches. Raises GuestFault.
        """
        try:
            return self._run(RunLimits(max_cycles, break_address=address & ~1))
        finally:
            self.engine.hook.break_address = NO_ADDRESS

    def _run(self, limits: RunLimits, finished: Callable[[], bool] = lambda: False) -> StopReason:
        if self.image is None:
            raise UsageError("no image is loaded", next_step="call load() first")
        return self.execution.run(limits, finished)

    def interrupt(self) -> None:
        """End the current run soon (from a signal handler or a link)."""
        self._parts.requests.interrupt()

    def request_reset(self, reason: str, cause: str = RESET_PIN) -> None:
        """Reset the system soon, in a run or at the beginning of the next.

        ``cause``: what the reset-status register of the chip says then, see
        :func:`emulator.device.reset_cause`.
        """
        self._parts.request_reset(reason, cause)

    def send_last_words(self) -> None:
        """Let what the serial ports hold leave at once, for a run that is over; time stands still.

        A run that the firmware ends, or in which it crashes, has done so already.
        """
        self._parts.send_last_words()

    # -- reading -----------------------------------------------------------------------------
    @property
    def image(self) -> Image | None:
        """What is loaded."""
        return self._parts.image

    @property
    def timing(self) -> str:
        """What is modelled: "memory", "core" or "count"."""
        return self.engine.timing

    @property
    def core(self) -> Core:
        """The processor core: registers and memory."""
        return self.engine.core

    @property
    def hook(self) -> BlockHook:
        """The block hook; ``hook.kind`` is "native" or "python"."""
        return self.engine.hook

    @property
    def counts(self) -> Counts:
        """Instructions and cycles so far."""
        return self.engine.counts

    @property
    def time_read(self) -> Counts | None:
        """Counts when the firmware last read a timer that runs."""
        return self.accesses.time_read

    @property
    def exit_code(self) -> int | None:
        """With which the firmware ended itself, by semihosting."""
        return self._parts.requests.exit_code

    @property
    def reset_requested(self) -> bool:
        """A reset is due at the beginning of the next run."""
        return self._parts.requests.reset

    @property
    def unmodelled(self) -> list[Unmodelled]:
        """Accesses that no model covers, in the order of their first occurrence."""
        return list(self.bus.unmodelled.values())

    def fields_of(self, entry: Unmodelled) -> tuple[str, ...]:
        """The fields of the register that an access that no model covers was about, by the board's map."""
        return access_fields(self.bus, self.core, entry)

    @property
    def notes(self) -> list[str]:
        """What else whoever runs this firmware should know, a line each, in the order in which it came up."""
        return list(self._parts.notes)

    @property
    def silence(self) -> str:
        """Why the console can't have said anything, in words; "" when it may have had nothing to say."""
        return "" if self._parts.rtt is None else self._parts.rtt.missing()

    @property
    def asleep(self) -> bool:
        """The core sleeps in WFI or WFE."""
        return self._parts.sleep.asleep

    def awaited_registers(self) -> list[AwaitedRegister]:
        """The registers that the loop in which the firmware idles reads; none when it sleeps."""
        return [] if self.asleep else awaited_registers(self.bus, self.core, self.accesses.turn_reads)

    # -- serial ports --------------------------------------------------------------------------
    @property
    def console(self) -> SerialEndpoint:
        """The serial port that the board's file calls its console."""
        return self._parts.ports.console

    @property
    def itm(self) -> SerialEndpoint:
        """What the firmware writes to ITM stimulus port 0."""
        return self._parts.ports.itm

    @property
    def serial_ports(self) -> dict[str, SerialEndpoint]:
        """Every serial port by its device's name, the console among them."""
        return self._parts.ports.by_name

    def serial(self, name: str) -> SerialEndpoint:
        """The serial port of a device. Raises UsageError."""
        return self._parts.ports.find(name, self.board.name)

    def talking_port(self) -> SerialEndpoint:
        """The console, or the port that the firmware has talked on instead."""
        return self._parts.ports.talking()

    @property
    def audio_inputs(self) -> dict[str, AudioWires]:
        """The wires of every audio receiver by the names of its device and its input, as ``"sai1_a"``."""
        return self._parts.audio_inputs

    # -- core and memory -----------------------------------------------------------------------
    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Bytes of memory (or of registers, with their side effects)."""
        return self.engine.core.read_memory(address, size_bytes)

    def write_memory(self, address: int, data: bytes) -> None:
        """Write memory, flash included."""
        self.engine.write_memory(address, data)

    def registers(self) -> dict[str, int]:
        """General registers, xPSR and the special ones."""
        return self.engine.core.registers()

    def symbol(self, name: str) -> Symbol:
        """The image's function or object of that name, C++ as the source spells it. Raises UsageError."""
        return find_symbol(self.image, name)

    def where(self) -> str:
        """Where the core stands, in words: function and line when the image tells."""
        return place_of(self.image, self.engine.core.get("pc"))

    def fault_report(self) -> GuestFault:
        """The crash that the firmware is in, ready to raise."""
        return self._parts.crash()

    def energy_meter(self) -> EnergyMeter:
        """A meter of the board's energy from now on. Raises UsageError for a board without a model."""
        return EnergyMeter(
            self.board, self.clock, self.clocks, self.engine.outside, self.engine.memory_map.line_fills
        )

    def profile(
        self,
        title: str = "a stretch of a run",
        *,
        operators_from: str | None = None,
        sources: Sequence[str | Path] = (),
    ) -> Any:
        """Record what the machine does in a ``with`` block: a :class:`boardless.ProfiledBlock`.

        Behind the block, ``.recording`` is the recording and ``.report`` its tables. Callers that have
        called before the block are not known. Parameters: see :func:`boardless.profile`.
        """
        module = importlib.import_module("emulator.reporting.profiled")  # a room above this one
        return module.ProfiledBlock(self, title, operators_from, sources)

    # -- snapshots -----------------------------------------------------------------------------
    def snapshot(self) -> Snapshot:
        """Everything that the future depends on."""
        return take_snapshot(self.engine, self.image, self._parts.saved_parts())

    def stepping(self) -> Stepping:
        """What a debugger drives the machine by."""
        return self._parts.stepping

    def peek(self, address: int, size_bytes: int) -> bytes:
        """Bytes of memory or registers, as many as there are, without any side effect; for a debugger."""
        return self._parts.peek.read(address, size_bytes)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this very machine; UsageError when it is another's."""
        put_back(snapshot, self.engine, self._parts.saved_parts())
        self._parts.use_image(snapshot.image)
        self.accesses.forget()
        self.clock.deadlines_changed()


def _checked_table(address: int) -> int:
    """Raises UsageError."""
    if not 0 <= address < ADDRESS_SPACE_BYTES or address % VECTOR_TABLE_ALIGNMENT:
        raise UsageError(
            f"no vector table can be at 0x{address:x}",
            next_step=f"its address is a multiple of 0x{VECTOR_TABLE_ALIGNMENT:x}",
        )
    return address


def _board(board: Board | str) -> Board:
    if isinstance(board, Board):
        return board
    from emulator.board.reader import load_board  # noqa: PLC0415 -- a Board needs no TOML

    return load_board(board)
