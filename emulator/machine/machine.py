"""A board without the board: load an image, feed it bytes, run it, read its counts.

from emulator import Machine
machine = Machine("nucleo-l4r5zi")
machine.load("firmware.elf")
machine.run(until="m-ready")
print(machine.counts)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.board.checks import device_class
from emulator.board.model import Board, DeviceEntry
from emulator.bus.bus import Bus, BusMemory, Unmodelled
from emulator.bus.register_access import RegisterAccesses
from emulator.bus.signals import SignalBoard
from emulator.clock.clock import Clock
from emulator.clock.tree import NamedClocks
from emulator.device import Device, DeviceContext
from emulator.engine.automaton import Automaton, CountModel
from emulator.engine.core import Core
from emulator.engine.hook import NO_ADDRESS, BlockHook
from emulator.engine.library import native_library
from emulator.engine.memory_map import MemoryMap
from emulator.engine.native_hook import native_hook
from emulator.engine.overhead import OverheadAccount
from emulator.engine.python_hook import PythonHook
from emulator.errors import GuestFault, UsageError
from emulator.image.model import Image
from emulator.links.endpoint import SerialEndpoint
from emulator.machine.crash_report import crash_report, place_of
from emulator.machine.execution import QUIET_SECONDS, Execution, StopReason
from emulator.machine.snapshot import Snapshot, restore_machine, save_machine
from emulator.system.semihosting import SemihostingHost
from emulator.system.system import System
from emulator.timing.cores import core_model
from emulator.timing.model import CoreModel

SYSTEM_WINDOW = (0xE0000000, 0x100000)
RETURN_SLOT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Counts:
    """Instructions and modelled core cycles since the last reset of the counts."""

    instructions: int
    cycles: int

    def __sub__(self, other: Counts) -> Counts:
        return Counts(self.instructions - other.instructions, self.cycles - other.cycles)


class _Endpoint(SerialEndpoint):
    """A serial endpoint that tells the machine when a character passes."""

    def __init__(self, name: str, passed: Callable[[], None]) -> None:
        super().__init__(name)
        self._passed = passed

    def transmit(self, data: int) -> None:
        self._passed()
        super().transmit(data)

    def next_received(self) -> int | None:
        data = super().next_received()
        if data is not None:
            self._passed()
        return data


class Machine:
    """One emulated board.

    ``timing``: ``"memory"`` (core and memories), ``"core"`` (zero wait states everywhere) or
    ``"count"`` (instructions alone). ``hook``: ``"native"``, ``"python"`` or ``"auto"`` (native
    when it was built). ``strict``: an access that no model covers is an error. ``files_dir``:
    where semihosting may open files; nowhere by default.

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
    ) -> None:
        self.board = _board(board)
        if timing not in ("memory", "core", "count"):
            raise UsageError(f"unknown timing {timing!r}", next_step="use memory, core or count")
        self.timing = timing
        self.strict = strict
        self.image: Image | None = None
        self.exit_code: int | None = None
        self.interrupted = False
        self.reset_requested = False
        self.time_read: Counts | None = None  # totals at the last read of a running timer
        self.exception_cycles = 0  # spent on entering and leaving handlers so far
        self.slice_end = NO_ADDRESS
        self.failure: Exception | None = None
        self._build_engine(hook)
        self._build_system(files_dir)
        self._build_devices()

    # -- construction ------------------------------------------------------------------------
    def _build_engine(self, hook: str) -> None:
        board = self.board
        self.core = Core(board.core, board.regions, has_fpu=board.fpu != "none")
        self.hook = _hook(hook)
        self.hook.attach(self.core)
        self.memory_map = MemoryMap(board, self.hook, timed=self.timing == "memory")
        counting = self.timing == "count"
        model: CoreModel = CountModel() if counting else core_model(board.core, dict(board.core_parameters))
        self.automaton = Automaton(self.core, self.hook, model, self.memory_map, watch=not counting)
        self.accesses = RegisterAccesses(
            self.hook, self.automaton, self.core, on_polled=self._polled, on_error=self._fail
        )
        self.overhead = OverheadAccount(self.hook, self.automaton, self.accesses.served)
        self.clock = Clock(board.reset_hz)
        self.clocks = NamedClocks(self.clock)
        self.clock.attach(self.accesses.now, self._next_deadline)
        self.signals = SignalBoard(board.signals)

    def _build_system(self, files_dir: str | Path | None) -> None:
        board = self.board
        self.serial_ports: dict[str, SerialEndpoint] = {}
        self.console = self._endpoint(board.console)
        self.itm: SerialEndpoint = _Endpoint("itm", self._serial_passed)  # stimulus port 0
        self.system = System(
            self.core,
            self.clock,
            core_name=board.core,
            interrupts=board.interrupts,
            priority_bits=board.priority_bits,
            has_fpu=board.fpu != "none",
            vector_table=board.vector_table,
            exception_timing=self.automaton.model.exceptions,
            add_cycles=self._add_cycles,
            on_change=self.request_stop,
            request_reset=self.request_reset,
            itm_output=self._itm_output,
            touch=self._touch,
            overhead=self.overhead.now,
            fpu_is_double=board.fpu == "double",
            instruction_cache_bytes=board.core_parameters.get("instruction_cache_bytes", 0),
            data_cache_bytes=board.core_parameters.get("data_cache_bytes", 0),
            systick_reference_hz=lambda: self.clock.core_hz // 8,
            unmodelled=self._system_unmodelled,
            maintain_cache=self._maintain_cache,
            enable_cache=self._enable_cache,
            trace_at_reset=bool(board.core_parameters.get("trace_at_reset", 0)),
        )
        self.automaton.on_send_event = self.system.send_event
        self.clocks.before_change(self.system.before_clock_change)
        self.clocks.on_change(self.system.clock_changed)
        self.semihosting = SemihostingHost(
            Path(files_dir) if files_dir is not None else None, self._semihosting_output
        )

    def _build_devices(self) -> None:
        memory = BusMemory(self.core)
        self.bus = Bus(self.board, memory, here=self.accesses.here, on_unmodelled=self._on_unmodelled)
        self.devices: dict[str, Device] = {}
        for entry in self.board.devices:
            kind = device_class(entry.type)
            device: Device = kind(self._context(entry, memory, serial=getattr(kind, "has_serial", False)))
            self.devices[entry.name] = device
            self.bus.add(entry, device)
        read, write = self.accesses.guarded_read, self.accesses.guarded_write
        self.core.map_device(*SYSTEM_WINDOW, read(self._read_private), write(self._write_private))
        for base, size in self.bus.windows():
            self.core.map_device(base, size, read(self.bus.read), write(self.bus.write))
        self.execution = Execution(self)

    def _context(self, entry: DeviceEntry, memory: BusMemory, *, serial: bool) -> DeviceContext:
        def unmodelled(offset: int, access: str, what: str) -> None:
            self.bus.note(entry.base + offset, access, what)

        return DeviceContext(
            name=entry.name,
            base=entry.base,
            clock=self.clock,
            clocks=self.clocks,
            memory=memory,
            tuning=self.memory_map,
            signals=self.signals,
            interrupts={line: self.system.external_line(n) for line, n in entry.interrupts.items()},
            serial=self._endpoint(entry.name) if serial else None,
            parameters=entry.parameters,
            unmodelled=unmodelled,
            request_reset=self.request_reset,
            touch=self._touch,
            consumed=self.accesses.count_activity,
        )

    def _endpoint(self, name: str) -> SerialEndpoint:
        if name not in self.serial_ports:
            self.serial_ports[name] = _Endpoint(name, self._serial_passed)
        return self.serial_ports[name]

    # -- what the parts call back ------------------------------------------------------------
    def _polled(self) -> None:
        self.execution.waits.polled()
        self.request_stop()

    def _read_private(self, address: int, size_bytes: int) -> int:
        """The private peripheral bus: the core's own registers, and a vendor's device among them."""
        if self.bus.device_at(address) is not None:
            return self.bus.read(address, size_bytes)
        return self.system.read(address, size_bytes)

    def _write_private(self, address: int, size_bytes: int, value: int) -> None:
        if self.bus.device_at(address) is not None:
            self.bus.write(address, size_bytes, value)
        else:
            self.system.write(address, size_bytes, value)

    def _fail(self, error: Exception) -> None:
        self.failure = self.failure or error
        self.request_stop()

    def _next_deadline(self, next_cycles: int) -> None:
        self.hook.deadline = min(next_cycles, self.slice_end)

    def request_stop(self) -> None:
        """Come back to Python at the next block."""
        self.hook.stop_request = 1

    def interrupt(self) -> None:
        """End the current run soon (from a signal handler or a link)."""
        self.interrupted = True
        self.request_stop()

    def request_reset(self, _reason: str) -> None:
        """A watchdog or AIRCR.SYSRESETREQ wants a system reset."""
        self.reset_requested = True
        self.request_stop()

    def _touch(self) -> None:
        self.accesses.activity += 1
        self.time_read = Counts(self.hook.instructions, self.accesses.now())

    def _serial_passed(self) -> None:
        self.accesses.activity += 1
        self.execution.serial_activity()
        self.request_stop()

    def _itm_output(self, port: int, value: int) -> None:
        if port == 0:
            self.itm.transmit(value)

    def _maintain_cache(self, cache: str, operation: str, _address: int | None) -> None:
        if "invalidate" in operation:
            for name in self.memory_map.level_one:
                self.memory_map.invalidate(name, cache)

    def _enable_cache(self, cache: str, on: bool) -> None:
        for name in self.memory_map.level_one:
            self.memory_map.configure(name, **{f"{cache}_cache": int(on)})

    def _system_unmodelled(self, address: int, access: str) -> None:
        self.bus.note(address, access, "")

    def _semihosting_output(self, data: bytes) -> None:
        for byte in data:
            self.console.transmit(byte)

    def _add_cycles(self, cycles: int) -> None:
        self.hook.cycles += cycles
        self.exception_cycles += cycles

    def _on_unmodelled(self, entry: Unmodelled) -> None:
        if self.strict:
            self._fail(
                UsageError(
                    f"{entry.access} of {entry.device} {entry.register} (0x{entry.address:08x})"
                    " is not modelled",
                    where=place_of(self.image, entry.first_pc),
                    next_step="run without --strict to go on, or add the register to the board's TOML",
                )
            )

    # -- images and reset --------------------------------------------------------------------
    def load(self, image: Image | str | Path, base: int | None = None) -> Image:
        """Load an image and reset. Raises ImageError."""
        if not isinstance(image, Image):
            from emulator.image.loader import load_image  # noqa: PLC0415 -- pyelftools only when asked for

            image = load_image(Path(image), base=base, board=self.board)
        for segment in image.segments:
            if segment.data:
                self.core.load_memory(segment.address, segment.data)
                self.automaton.forget_code(segment.address, len(segment.data))
        self.image = image
        self.reset()
        return image

    def reset(self) -> None:
        """System reset: core, system registers and devices; memory and time stay."""
        self.reset_requested = False
        self.semihosting.close()
        self.clocks.set({"core": self.board.reset_hz})
        for device in self.devices.values():
            device.reset()
        self.system.reset()
        self.system.reset_core()
        self.hook.state = self.automaton.initial
        self.execution.asleep = False

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
        text = until.encode() if isinstance(until, str) else until
        start = self.console.sent
        seen = bytearray()

        def listen(data: bytes) -> None:
            seen.extend(data)

        def finished() -> bool:
            return text is not None and self.console.sent > start and text in seen

        if text is not None:
            self.console.subscribe(listen)
        try:
            return self._run(finished, max_cycles, wall_limit, quiet_seconds, None)
        finally:
            self.console.unsubscribe(listen)

    def _run(
        self,
        finished: Callable[[], bool],
        max_cycles: int | None,
        wall_limit: float | None,
        quiet_seconds: float,
        break_address: int | None,
    ) -> StopReason:
        if self.image is None:
            raise UsageError("no image is loaded", next_step="call load() first")
        self.execution.waits.expect_soon()
        return self.execution.run(finished, max_cycles, wall_limit, quiet_seconds, break_address)

    def call(
        self, function: int, arguments: tuple[int, ...] = (), max_cycles: int = 1 << 40
    ) -> tuple[int, Counts]:
        """Call a function (r0..r3 from ``arguments``); (r0, counts of the call).

        The stack pointer stays what it is. Raises LimitReached via ``run`` never: a call that
        does not return in ``max_cycles`` raises UsageError.
        """
        memory = self.core.memory_at(function & ~1)
        if memory is None:
            raise UsageError(f"0x{function:08x} is not in memory", next_step="give a function's address")
        back = memory.region.end - RETURN_SLOT_BYTES
        for n, value in enumerate(arguments[:4]):
            self.core.set(f"r{n}", value)
        self.core.set("lr", back | 1)
        self.core.set("pc", function | 1)
        self.execution.asleep = False  # the firmware may have been waiting in WFI
        self.hook.state = self.automaton.initial
        before = self.counts
        reason = self.run_to(back, max_cycles=max_cycles)
        if reason is not StopReason.BREAK:
            raise UsageError(f"the function at 0x{function:08x} did not return ({reason.value})")
        return self.core.get("r0"), self.counts - before

    def run_to(self, address: int, *, max_cycles: int | None = None) -> StopReason:
        """Run until the block at ``address`` is about to begin: ``StopReason.BREAK``, or another reason.

        A machine that stands there already comes back at once. Blocks begin at functions and
        at the targets of branches. Raises GuestFault.
        """
        try:
            return self._run(lambda: False, max_cycles, None, QUIET_SECONDS, address & ~1)
        finally:
            self.hook.break_address = NO_ADDRESS

    # -- reading -----------------------------------------------------------------------------
    @property
    def counts(self) -> Counts:
        """Instructions and cycles so far."""
        return Counts(self.hook.instructions, self.hook.cycles)

    @property
    def unmodelled(self) -> list[Unmodelled]:
        """Accesses that no model covers, in the order of their first occurrence."""
        return list(self.bus.unmodelled.values())

    def serial(self, name: str) -> SerialEndpoint:
        """The serial port of a device. Raises UsageError."""
        if name not in self.serial_ports:
            raise UsageError(
                f"{self.board.name} has no serial port {name!r}",
                next_step=f"use one of {', '.join(self.serial_ports)}",
            )
        return self.serial_ports[name]

    def talking_port(self) -> SerialEndpoint:
        """The console, or the port that the firmware has talked on instead.

        Energy images talk to the interface board's port and leave the console silent.
        """
        if self.console.sent:
            return self.console
        return next((port for port in self.serial_ports.values() if port.sent), self.console)

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Bytes of memory (or of registers, with their side effects)."""
        return self.core.read_memory(address, size_bytes)

    def write_memory(self, address: int, data: bytes) -> None:
        """Write memory, flash included."""
        self.core.load_memory(address, data)
        self.automaton.forget_code(address, len(data))

    def registers(self) -> dict[str, int]:
        """General registers, xPSR and the special ones."""
        names = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr", "msp", "psp", "primask", "basepri",
                 "faultmask", "control")  # fmt: skip
        return dict(zip(names, self.core.get_many(names), strict=True))

    def where(self) -> str:
        """Where the core stands, in words: function and line when the image tells."""
        return place_of(self.image, self.core.get("pc"))

    def fault_report(self) -> GuestFault:
        """The crash that the firmware is in, ready to raise."""
        return crash_report(self)

    # -- snapshots -----------------------------------------------------------------------------
    def snapshot(self) -> Snapshot:
        """Everything that the future depends on."""
        return save_machine(self)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this very machine; UsageError when it is another's."""
        restore_machine(self, snapshot)

    def state_parts(self) -> dict[str, Any]:
        """The parts that save and load themselves, by name."""
        return {
            "clock": self.clock,
            "clocks": self.clocks,
            "signals": self.signals,
            "bus": self.bus,
            "system": self.system,
            "hook": self.hook,
            "itm": self.itm,
            **{f"device:{name}": device for name, device in self.devices.items()},
            **{f"serial:{name}": port for name, port in self.serial_ports.items()},
        }


def _board(board: Board | str) -> Board:
    if isinstance(board, Board):
        return board
    from emulator.board.reader import load_board  # noqa: PLC0415 -- a Board needs no TOML

    return load_board(board)


def _hook(kind: str) -> BlockHook:
    if kind not in ("auto", "native", "python"):
        raise UsageError(f"unknown hook {kind!r}", next_step="use auto, native or python")
    library = native_library() if kind != "python" else None
    if library is None:
        if kind == "native":
            raise UsageError(
                "the native hook was not built",
                next_step="install gcc and libc6-dev, then install boardless again",
            )
        return PythonHook()
    return native_hook(library)
