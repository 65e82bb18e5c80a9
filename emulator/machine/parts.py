"""A machine's parts, built from a board and wired to each other.

Each part gets the few things that it needs. What goes round in a circle at run time (a register
that is polled concerns the run loop, which runs the engine, which reads registers) goes through
the short methods at the end.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from emulator.board.areas import PRIVATE
from emulator.board.console import KINDS_IN_WORDS, ConsoleChoice, console_choice
from emulator.board.model import Board
from emulator.bus.bus import Bus, BusMemory, Unmodelled
from emulator.bus.private import PrivateBus
from emulator.bus.register_access import RegisterAccesses
from emulator.bus.signals import SignalBoard
from emulator.clock.clock import Clock
from emulator.clock.tree import NamedClocks
from emulator.device import RESET_CAUSES, SOFTWARE, TIMING, Device, SerialDevice, reset_cause
from emulator.engine.engine import Engine
from emulator.engine.hook import Stop
from emulator.engine.overhead import OverheadAccount
from emulator.errors import GuestFault, UsageError
from emulator.image.checks import core_warning
from emulator.image.model import Image
from emulator.image.place import place_of
from emulator.image.start import EntryStart, entry_start
from emulator.links.audio_input import AudioWires
from emulator.machine.awaited import access_fields, field_words
from emulator.machine.banked_memories import BankedMemories
from emulator.machine.controlled_flash import ControlledFlash
from emulator.machine.coprocessors import Coprocessors
from emulator.machine.crash_report import crash_report
from emulator.machine.devices import Surroundings, add_device
from emulator.machine.execution import Execution
from emulator.machine.halts import Halts
from emulator.machine.lending import InputLending
from emulator.machine.operand_traps import OperandTraps
from emulator.machine.output_lending import OutputLending
from emulator.machine.peek import Peek
from emulator.machine.ports import SerialPorts
from emulator.machine.protection import Protection, Refusal
from emulator.machine.requests import RunRequests
from emulator.machine.sleep import Sleep
from emulator.machine.slices import Slices
from emulator.machine.snapshot import Saves
from emulator.machine.stepping import Stepping
from emulator.machine.tick_lending import TickLending
from emulator.machine.traps import TrapHandler
from emulator.system.semihosting import SemihostingHost, SemihostResult
from emulator.system.system import System

if TYPE_CHECKING:
    from emulator.links.rtt import RttProbe


class MachineParts:
    """All parts of one machine. ``image``: what is loaded, for words about places in it.

    Parameters and errors are :class:`emulator.machine.machine.Machine`'s.
    """

    def __init__(self, board: Board, *, timing: str, hook: str, strict: bool, files_dir: Path | None,
                 arguments: str) -> None:  # fmt: skip
        self.board = board
        self.image: Image | None = None
        self._arguments = arguments
        self.notes: list[str] = []
        self._start: EntryStart | None = None
        self._strict = strict
        self.engine = Engine(board, timing=timing, hook=hook)
        self.halts = Halts(self.engine)
        self.requests = RunRequests(self.engine.hook, self.engine.input, self.engine.output, self.engine.tick)
        self.sleep = Sleep()
        self.ports = SerialPorts(_console_of(board), self._serial_passed)
        self.audio_inputs: dict[str, AudioWires] = {}
        self.semihosting = SemihostingHost(files_dir, self.ports.semihosting_output, tell=self._note)
        self.accesses = RegisterAccesses(self.engine, on_polled=self._polled, on_error=self.requests.fail)
        self.overhead = OverheadAccount(self.engine.hook, self.engine.automaton, self.accesses.served)
        self.clock = Clock(board.reset_hz)
        self.clock.attach(self.accesses.now, self.requests.next_deadline)
        self.clocks = NamedClocks(self.clock)
        self.signals = SignalBoard(board.signals)
        self.memory = BusMemory(self.engine.core, self._device_at)
        self.bus = Bus(board, self.memory, here=self.accesses.here, on_unmodelled=self._on_unmodelled)
        self.system = self._build_system()
        self.flash = ControlledFlash(self.engine, self.requests.stop)
        self.banks = BankedMemories(self.engine, self.signals, self.requests.stop)
        self.devices = self._build_devices()
        self._map_buses()
        self.execution = self._build_execution()
        self.rtt = self._build_rtt()
        self.peek = Peek(self.engine, self.bus, self.system, self.requests, self.saved_parts)

    def use_image(self, image: Image | None) -> None:
        """``image`` is what is loaded from now on: how it starts, and what semihosting tells it."""
        self._start = None if image is None else entry_start(image, self.board)
        if image is not self.image:
            self.notes = []
        if image is not None and (warning := core_warning(image, self.board)):
            self._note(warning)
        self.image = image
        self.semihosting.heap = (0, 0, 0, 0) if self._start is None else self._start.heap
        name = "" if image is None else Path(image.path).name
        self.semihosting.command_line = f"{name} {self._arguments}".strip()
        if self.rtt is not None:
            self.rtt.use_image(image)
        if self._start is not None and self._start.memory.kind != "ram":
            self.engine.core.make_writable(self._start.memory.base)
            self.engine.hook.memories_changed()

    def reset(self, cause: str = "") -> None:
        """System reset: core, system registers and devices; memory and time stay.

        ``cause``: see :func:`emulator.device.reset_cause`; by default what whoever asked has said.
        """
        self.requests.reset = False
        if cause:
            self.signals.set(reset_cause(cause), 1)
        self.semihosting.close()
        self.clocks.set({"core": self.board.reset_hz})
        for device in self.devices.values():
            device.reset()
        self.banks.settle()
        self.system.reset()
        if self._start is None:
            self.system.reset_core()
        else:
            start = self._start
            self.system.start_at(start.entry, start.stack_pointer, enable_fpu=start.enables_fpu)
        self.engine.restart_pipeline()
        self.engine.restart_contexts()
        self.sleep.end()
        if self.rtt is not None:
            self.rtt.reset()
        self.signals.release(RESET_CAUSES)

    def request_reset(self, reason: str, cause: str) -> None:
        """Reset the system soon, for ``cause``."""
        self.signals.set(reset_cause(cause), 1)
        self.requests.request_reset(reason)

    def send_last_words(self) -> None:
        """The core has stopped for good, the wires have not: what the UARTs hold leaves at once.

        So does what waits in RTT's buffers. Time stands still. The ITM holds nothing.
        """
        for device in self.devices.values():
            if isinstance(device, SerialDevice):
                device.send_held()
        if self.rtt is not None:
            self.rtt.look()

    def crash(self) -> GuestFault:
        """The crash that the firmware is in, ready to raise."""
        return crash_report(
            self.engine.core,
            self.system.fault_chain,
            self.image,
            locked_up=self.system.locked_up,
            board=self.board,
            names=self.bus.register_map,
        )

    def saved_parts(self) -> dict[str, Saves]:
        """What a snapshot holds, by name; the memory map comes before the hook, which holds its lines."""
        vectors = self.engine.core.vector_state
        return {
            "memory_map": self.engine.memory_map,
            "clock": self.clock,
            "clocks": self.clocks,
            "signals": self.signals,
            "banks": self.banks,
            "bus": self.bus,
            "system": self.system,
            "hook": self.engine.hook,
            "outside": self.engine.outside,
            "sleep": self.sleep,
            "execution": self.execution,
            "requests": self.requests,
            "itm": self.ports.itm,
            **({} if self.rtt is None else {"rtt": self.rtt}),
            **({} if vectors is None else {"vectors": vectors}),
            **{f"device:{name}": device for name, device in self.devices.items()},
            **{f"serial:{name}": port for name, port in self.ports.by_name.items()},
            **{f"audio:{name}": wires for name, wires in self.audio_inputs.items()},
        }

    # -- construction ------------------------------------------------------------------------
    def _build_system(self) -> System:
        board, engine = self.board, self.engine
        system = System(
            engine.core,
            self.clock,
            core_name=board.core,
            interrupts=board.interrupts,
            priority_bits=board.priority_bits,
            has_fpu=board.fpu != "none",
            vector_table=board.vector_table,
            exception_timing=engine.automaton.model.exceptions,
            add_cycles=engine.spend_on_exception,
            on_change=self.requests.settings_changed,
            exceptions_changed=self.requests.look_at_exceptions,
            state=engine.exceptions,
            request_reset=lambda reason: self.request_reset(reason, SOFTWARE),
            itm_output=self.ports.itm_output,
            touch=self.accesses.touch,
            overhead=self.overhead.now,
            fpu_is_double=board.fpu == "double",
            instruction_cache_bytes=board.core_parameters.get("instruction_cache_bytes", 0),
            data_cache_bytes=board.core_parameters.get("data_cache_bytes", 0),
            mpu_regions=board.core_parameters.get("mpu_regions"),
            systick_reference_hz=self._systick_reference_hz,
            unmodelled=lambda address, access: self.bus.note(address, access, ""),
            turned_on=self._turned_on,
            maintain_cache=engine.memory_map.maintain_level_one,
            enable_cache=engine.memory_map.enable_level_one,
            refuse=self._refuse,
            trace_at_reset=bool(board.core_parameters.get("trace_at_reset", 0)),
            dwt_lock=bool(board.core_parameters.get("dwt_lock", 1)),
        )
        engine.automaton.on_send_event = system.send_event
        self.clocks.before_change(system.before_clock_change)
        self.clocks.on_change(system.clock_changed)
        return system

    def _systick_reference_hz(self) -> int:
        """The board's, or an eighth of the core's clock, as STM32 has it."""
        return self.board.core_parameters.get("systick_reference_hz", 0) or self.clock.core_hz // 8

    def _build_devices(self) -> dict[str, Device]:
        around = Surroundings(
            bus=self.bus,
            memory=self.memory,
            tuning=self.engine.memory_map,
            accesses=self.accesses,
            clock=self.clock,
            clocks=self.clocks,
            signals=self.signals,
            interrupt=self.system.external_line,
            port_of=self.ports.port_of,
            audio_of=self._audio_of,
            request_reset=self.requests.request_reset,
            flash=self.flash,
        )
        return {entry.name: add_device(entry, around) for entry in self.board.devices}

    def _device_at(self, address: int) -> tuple[int, int, Device, str] | None:
        return self.bus.device_at(address)

    def _is_at_work(self, address: int) -> bool:
        slot = self.bus.device_at(address)
        return slot is not None and self.clock.has_work(slot[3])

    def _audio_of(self, name: str) -> AudioWires:
        return self.audio_inputs.setdefault(name, AudioWires(name, self._audio_passed))

    def _map_buses(self) -> None:
        read, write = self.accesses.guarded_read, self.accesses.guarded_write
        private = PrivateBus(self.bus, self.system)
        core = self.engine.core
        core.map_device(PRIVATE.start, len(PRIVATE), read(private.read), write(private.write))
        for base, size in self.bus.windows():
            core.map_device(base, size, read(self.bus.read, self.bus.shows_state), write(self.bus.write))

    def _build_execution(self) -> Execution:
        protection = Protection(
            self.engine,
            self.system,
            stop=self.requests.stop,
            refused=self._refused_by_protection,
            no_memory=self._no_memory,
        )
        self._operands = OperandTraps(self.engine, self.system, protection.refusal_of)
        traps = TrapHandler(
            self.engine,
            self.system,
            self.sleep,
            self.requests,
            semihosting=self._semihosting_call,
            abandoned=self.overhead.abandon_at,
            protection=protection,
            operands=self._operands,
            halts=self.halts,
            coprocessors=Coprocessors(self.engine.core, self.system, self.devices.values()),
        )
        of_devices = (self.engine, self.clock, self.bus, self.accesses, self.devices.values())
        tick = TickLending(self.engine, self.clock, self.system.systick)
        lending = InputLending(*of_devices)
        output = OutputLending(*of_devices, self.overhead, self.requests, tick)
        slices = Slices(
            self.engine,
            self.system,
            self.clock,
            traps,
            self.sleep,
            self.requests,
            protection,
            lending,
            output,
            tick,
            self.halts,
            self.flash,
            self.banks,
        )
        execution = Execution(
            self.engine,
            self.system,
            self.clock,
            slices,
            self.sleep,
            self.requests,
            accesses=self.accesses,
            overhead=self.overhead,
            reset=self.reset,
            crash=self.crash,
            last_words=self.send_last_words,
            is_at_work=self._is_at_work,
            halts=self.halts,
        )
        lending.on_taken = execution.characters_came
        output.on_taken_back = execution.characters_left
        output.on_waiting = execution.waits.polled
        self.stepping = Stepping(
            self.engine, execution, slices, self.halts, sleep=self.sleep, overhead=self.overhead
        )
        return execution

    def _build_rtt(self) -> RttProbe | None:
        if not self.ports.rtt:
            return None
        from emulator.links.rtt import RttProbe  # noqa: PLC0415 -- seldom wanted

        rams = [(r.base, r.size_bytes) for r in self.board.regions if r.kind == "ram" and not r.alias_of]
        return RttProbe(
            self.engine.core, self.clock, self.board.rtt, self.ports.rtt, rams=rams, note=self._note
        )

    def _refuse(self, address: int) -> None:
        """A bus fault at the access that is being served: Unicorn stops before its instruction ends."""
        self._no_memory(address, self.accesses.here())

    def _no_memory(self, address: int, instruction: int | None = None) -> None:
        self.requests.refused = instruction, address
        self.engine.hook.stop_code = Stop.TRAP
        self.engine.core.uc.emu_stop()

    def _note(self, words: str) -> None:
        """Whoever runs the machine should know this, once."""
        if words not in self.notes:
            self.notes.append(words)

    def _turned_on(self, address: int, words: str) -> None:
        self.bus.note(address, "write", words, of_core=self.system.register_name(address))

    def _refused_by_protection(self, refusal: Refusal) -> None:
        self._operands.refuse(refusal)

    # -- what the parts call back ------------------------------------------------------------
    def _polled(self) -> None:
        self.execution.waits.polled()
        self.requests.stop()

    def _serial_passed(self) -> None:
        self.accesses.count_activity()
        self.execution.serial_activity()
        self.requests.stop()

    def _audio_passed(self) -> None:
        self.execution.frames_came()

    def _semihosting_call(self, operation: int, parameter: int) -> SemihostResult:
        return self.semihosting.call(operation, parameter, self.engine.core, self.clock)

    def _on_unmodelled(self, entry: Unmodelled) -> None:
        if self._strict and entry.access != TIMING:
            fields = access_fields(self.bus, self.engine.core, entry)
            of = f", {field_words(fields)}," if fields else ""
            self.requests.fail(
                UsageError(
                    f"{entry.access} of {entry.device} {entry.register} (0x{entry.address:08x}){of}"
                    " is not modelled",
                    where=place_of(self.image, entry.first_pc),
                    next_step="run without --strict to go on, or add the register to the board's TOML",
                )
            )


def _console_of(board: Board) -> ConsoleChoice:
    """Raises UsageError."""
    devices = [device.name for device in board.devices]
    choice = console_choice(board.console, devices)
    if choice is None:
        raise UsageError(
            f"{board.name} has no console {board.console!r}",
            next_step=f"use {KINDS_IN_WORDS}, or a device of it: {', '.join(devices)}",
        )
    return choice
