"""Calls one function of a firmware, as the firmware itself would: ``machine.call("add", 1, 2)``.

Arguments and result go by Arm's procedure call standard. Bytes that are passed, and arguments
that find no register, lie below the stack pointer, where an interrupt's frame would lie; the
function's own frame comes below them. Afterwards every register of the core is what it was, so
that a stopped firmware goes on as if nothing had been called. Memory, devices and time keep
what the function did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, overload

from emulator.engine.core import Core
from emulator.engine.counts import Counts
from emulator.engine.engine import Engine
from emulator.engine.hook import NO_ADDRESS
from emulator.errors import LimitReached, UsageError
from emulator.image.model import Image, Symbol
from emulator.image.names import find_function
from emulator.image.place import place_of
from emulator.machine.aapcs import RESULT_TYPES, WORD_BYTES, Placement, ResultType, Scalar, place
from emulator.machine.arguments import Copy, convert
from emulator.machine.execution import Execution, RunLimits, StopReason
from emulator.machine.register_save import THUMB_BIT, privileged, restore_registers, save_registers
from emulator.machine.requests import RunRequests
from emulator.machine.scratch import Scratch
from emulator.machine.sleep import Sleep
from emulator.system.fpu import FloatingPointControl
from emulator.system.stack_frame import XPSR_IT

if TYPE_CHECKING:
    from emulator.machine.arguments import Argument

IntegerType = Literal["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FloatType = Literal["float", "double"]
FloatAbi = Literal["hard", "soft"]
Value_co = TypeVar("Value_co", covariant=True)

MOST_CYCLES = 10_000_000_000
WHY_NOT = {
    StopReason.MAX_CYCLES: (" within {max_cycles:,} cycles", "give max_cycles=... if it takes longer"),
    StopReason.IDLE: (": it waits for what does not come", ""),
    StopReason.EXIT: (": it ended the program", ""),
    StopReason.UNTIL: (": the board was reset meanwhile", ""),
    StopReason.INTERRUPTED: (": the run was interrupted", ""),
}
RETURN_SLOT_BYTES = 16
"""The function returns to an address so far before the end of its memory; nothing executes there."""


@dataclass(frozen=True, slots=True)
class CallResult(Generic[Value_co]):
    """What a function returned, and what the call took, the branch back included."""

    value: Value_co
    counts: Counts


class FunctionCalls:
    """``machine.call("function", *arguments)``: calls one function of the machine's firmware."""

    def __init__(
        self,
        engine: Engine,
        execution: Execution,
        sleep: Sleep,
        requests: RunRequests,
        *,
        fpu: FloatingPointControl,
        image: Callable[[], Image | None],
    ) -> None:
        self._fpu = fpu
        self._engine = engine
        self._execution = execution
        self._sleep = sleep
        self._requests = requests
        self._image = image

    # fmt: off
    @overload
    def __call__(self, function: str | int | Symbol, *arguments: Argument, returns: IntegerType = "int32",
                 max_cycles: int = MOST_CYCLES, float_abi: FloatAbi | None = None,
                 scratch: int | None = None, interrupts: bool = True) -> CallResult[int]: ...
    @overload
    def __call__(self, function: str | int | Symbol, *arguments: Argument, returns: FloatType,
                 max_cycles: int = MOST_CYCLES, float_abi: FloatAbi | None = None,
                 scratch: int | None = None, interrupts: bool = True) -> CallResult[float]: ...
    @overload
    def __call__(self, function: str | int | Symbol, *arguments: Argument, returns: Literal["bool"],
                 max_cycles: int = MOST_CYCLES, float_abi: FloatAbi | None = None,
                 scratch: int | None = None, interrupts: bool = True) -> CallResult[bool]: ...
    @overload
    def __call__(self, function: str | int | Symbol, *arguments: Argument, returns: None,
                 max_cycles: int = MOST_CYCLES, float_abi: FloatAbi | None = None,
                 scratch: int | None = None, interrupts: bool = True) -> CallResult[None]: ...
    # fmt: on

    def __call__(
        self,
        function: str | int | Symbol,
        *arguments: Argument,
        returns: IntegerType | FloatType | Literal["bool"] | None = "int32",
        max_cycles: int = MOST_CYCLES,
        float_abi: FloatAbi | None = None,
        scratch: int | None = None,
        interrupts: bool = True,
    ) -> CallResult[int | float | None]:
        """Call a function and come back when it returns.

        ``function``: its name (C, or C++ as the linker or as the source spells it, with the
        parameters where overloads share a name; ``file.c:name`` for one of several static ones),
        its :class:`Symbol` or its address. ``arguments``: integers and bools (a word each), floats
        (``float``), None (a null pointer), ctypes and NumPy scalars in their own width, a
        :class:`Symbol` (its address), and bytes-like objects: the function gets a pointer to a copy,
        and what it writes there is copied back into a bytearray or a writable array.

        ``returns``: the C type of the result; None for void. ``float_abi``: how floating point
        is passed when the image's build attributes don't say. ``scratch``: where the copies
        lie instead of below the stack pointer, upwards. ``interrupts``: False masks them
        meanwhile (PRIMASK), so that no handler is counted. The FPU is on meanwhile, whatever CPACR says.

        The stack pointer is what it is at the moment; that of a machine just loaded comes from
        the vector table, and neither ``.data`` nor clocks are set up then. A firmware that slept
        in WFI is woken. Raises UsageError; LimitReached when the function does not return, and
        GuestFault when it crashes: the machine then stands where it stopped.
        """
        image, core = self._image(), self._engine.core
        address = _address(image, function)
        result = None if returns is None else _result_type(returns)
        passed = [convert(argument, n) for n, argument in enumerate(arguments, 1)]
        uses_float = any(isinstance(each, Scalar) and each.is_float for each in passed)
        uses_float |= result is not None and result.is_float
        hard_float = uses_float and _is_hard(image, core, float_abi)
        area = Scratch(core, image, (each for each in passed if isinstance(each, Copy)), scratch)
        scalars = [Scalar(area.address(e), WORD_BYTES) if isinstance(e, Copy) else e for e in passed]
        saved = save_registers(core)
        self._enter(address, place(scalars, hard_float=hard_float), area, interrupts=interrupts)
        self._fpu.hold_open(True)
        try:
            reason, counts = self._run(max_cycles)
        finally:
            self._fpu.hold_open(False)
        if reason is not StopReason.BREAK:
            raise self._did_not_return(function, reason, max_cycles)
        value = None if result is None else result.read(core, hard_float=hard_float)
        area.take_back()
        restore_registers(core, saved)
        return CallResult(value, counts)

    def _enter(self, address: int, placement: Placement, area: Scratch, *, interrupts: bool) -> None:
        """Stand at the function as if it had just been called, from what lies at its return address."""
        core = self._engine.core
        back = _return_address(core, self._image(), address)
        stack_pointer = area.write(bytes(placement.stack), self._engine.write_memory)
        core.set("xpsr", core.get("xpsr") & ~XPSR_IT)  # a run may have stopped inside an IT block
        for register, word in placement.registers.items():
            core.set(register, word)
        core.set_many(("sp", "lr", "pc"), (stack_pointer, back | THUMB_BIT, address | THUMB_BIT))
        if not interrupts:
            with privileged(core):
                core.set("primask", 1)

    def _run(self, max_cycles: int) -> tuple[StopReason, Counts]:
        """Run the function that the PC stands at; the pipeline of what was stopped is kept for later."""
        hook, requests, before = self._engine.hook, self._requests, self._engine.counts
        contexts = hook.contexts.save()
        self._engine.restart_contexts()
        state, exit_code, resets = hook.state, requests.exit_code, self._execution.resets
        requests.exit_code = None  # a program that has ended has functions still
        self._engine.restart_pipeline()
        self._sleep.end()  # the firmware may have been waiting in WFI
        limits = RunLimits(max_cycles, break_address=self._engine.core.get("lr") & ~THUMB_BIT)
        try:
            reason = self._execution.run(limits, lambda: self._execution.resets != resets)
        finally:
            hook.break_address = NO_ADDRESS
        if reason is StopReason.BREAK:
            hook.state, requests.exit_code = state, exit_code
            if contexts is not None:
                hook.contexts.flush()
                hook.contexts.load(contexts)
        return reason, self._engine.counts - before

    def _did_not_return(
        self, function: str | int | Symbol, reason: StopReason, max_cycles: int
    ) -> LimitReached:
        why, next_step = WHY_NOT.get(reason, (reason.value, ""))
        return LimitReached(
            f"{_name(function)} did not return{why.format(max_cycles=max_cycles)}",
            where=place_of(self._image(), self._engine.core.get("pc")),
            next_step=next_step or "the machine stands there; restore a snapshot to go on elsewhere",
        )


def _name(function: str | int | Symbol) -> str:
    if isinstance(function, Symbol):
        return function.name
    return f"the function at 0x{function:08x}" if isinstance(function, int) else function


def _address(image: Image | None, function: str | int | Symbol) -> int:
    if image is None:
        raise UsageError("no image is loaded", next_step="call load() first")
    if isinstance(function, str):
        return find_function(image, function).address
    return (function.address if isinstance(function, Symbol) else function) & ~THUMB_BIT


def _return_address(core: Core, image: Image | None, address: int) -> int:
    """An address to return to, where the image has nothing: in the function's memory if possible."""
    memory = core.memory_at(address)
    if memory is None:
        raise UsageError(
            f"there is no memory at 0x{address:08x}", next_step="give a function's name, or its address"
        )
    others = (m for m in core.memories if m.region != memory.region and m.end > m.region.base)
    segments = image.segments if image is not None else ()
    for mine in (memory, *others):
        slot = mine.end - RETURN_SLOT_BYTES
        if not any(segment.address < mine.end and slot < segment.end for segment in segments):
            return slot
    raise UsageError("the image fills every memory to its end", next_step="leave its last 16 bytes free")


def _result_type(returns: str) -> ResultType:
    found = RESULT_TYPES.get(returns)
    if found is None:
        known = ", ".join(RESULT_TYPES)
        raise UsageError(
            f"unknown result type {returns!r}", next_step=f"use one of {known}, or None for void"
        )
    return found


def _is_hard(image: Image | None, core: Core, wanted: str | None) -> bool:
    """Whether floating point goes to s0 to s15: as wanted, else as the image's build attributes say."""
    if wanted not in ("hard", "soft", None):
        raise UsageError(f"unknown float_abi {wanted!r}", next_step='use "hard" or "soft"')
    told = image.build.float_abi if image is not None and image.build is not None else ""
    abi = wanted or told
    if not abi:
        raise UsageError(
            "the image does not say how its functions take floating point",
            where=image.path if image is not None else "",
            next_step='give float_abi="hard" (in s0 to s15) or "soft" (in r0 to r3)',
        )
    if abi == "hard" and not core.has_fpu:
        raise UsageError("the board's core has no s0 to s15", next_step='use float_abi="soft"')
    return abi == "hard"
