"""What the machine needs of a block hook; the native and the Python one both give it. Twin: hook.h.

A hook stops the emulation *at the entry of a block that it has not counted*, so resuming
there is exact for any slice. When it meets a block, path or edge for the first time it
stops with a ``NEED_`` code; the automaton answers, and the run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, NamedTuple, Protocol

from emulator.engine.contexts import CallContexts
from emulator.engine.core import Core
from emulator.engine.events import BlockPlan, LoadPair
from emulator.engine.footprint import Footprint
from emulator.engine.lent_input import LentInput
from emulator.engine.lent_output import KnownTurn, LentOutput
from emulator.engine.lent_tick import LentTick
from emulator.engine.remembered_reads import RememberedReads
from emulator.system.exception_state import ExceptionState
from emulator.timing.model import DivideTiming, UnalignedTiming

NO_ADDRESS = (1 << 64) - 1
EDGES = 9
EVENT_PARTS = 3
"""Of an event in :class:`Counters`: its stalls, those from unaligned data, those from the bus."""
MOST_LOADS = 8
"""Of a block that the hook knows."""


class Stop(IntEnum):
    """Why a hook stopped the emulation; 0: it did not, something else ended the run."""

    NONE = 0
    DEADLINE = 1
    REQUEST = 2
    BREAK = 3
    MASKS = 4
    NEED_BLOCK = 5
    NEED_PATH = 6
    NEED_EDGE = 7
    MISALIGNED = 8  # an access of the block may trap, and they are not watched yet
    TRAP = 9  # the handler that was told of a suspect stopped before it
    PROTECTED = 10  # may the block be executed under this map?
    GUARDED = 11  # an access of the block may meet a guard, and they are not looked at one by one yet
    HALT = 12  # a debugger's stop, before an instruction of the current block
    RESUMED = 13  # set before a run from such an instruction: the block that Unicorn enters goes on
    NEED_PROGRAM = 14  # what is the interpreter of Armv8.1-M to execute there?
    SPLIT = 16  # the rest of the current block is that interpreter's
    INTERPRET = 15  # the block is that interpreter's; the native hook goes on by itself


class Taken(IntEnum):
    """What became of the exception that may be due."""

    NONE = 0  # none was
    ENTERED = 1  # the core stands at its handler
    LEFT = 2  # the caller is to look, and to take it


class StopRequest(IntFlag):
    """Why a hook is asked to stop at the next block."""

    PYTHON = 1  # something only Python can do
    EXCEPTIONS = 2  # another exception may be due


class KnownLoad(NamedTuple):
    """A load of one datum. ``position``: of its instruction, which issues ``cycle`` behind the block's start.

    ``base``, ``index_register``: registers, 15: of a literal, whose address is ``offset``; 255: none.
    """

    position: int
    size_bytes: int
    cycle: int
    base: int
    index_register: int
    shift: int
    offset: int


@dataclass(frozen=True, slots=True)
class PathCount:
    """How often one path was taken by each of its edges, and the stalls added on it."""

    state: int
    block: int
    skipped: int
    counts: tuple[int, ...]
    stalls: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counters:
    """Every count of a hook at a moment, as words of 64 bits in the computer's own order.

    ``edges``: of each path, how often it was taken by each of its :data:`EDGES`; ``events``: of each block,
    the stalls of its events, then the parts of them from unaligned data, then those from the bus.
    Both grow at their end alone.
    """

    edges: bytes | bytearray
    events: bytes | bytearray


class BlockHook(Protocol):
    """Counters, limits and tables of the timing automaton, as one hook keeps them."""

    kind: str  # "native" or "python"
    cycles: int
    instructions: int
    deadline: int
    break_address: int  # the caller's: a run stops there
    turn_address: int  # the wait detector's: one turn of a loop ends there
    stop_request: int  # of StopRequest
    stop_code: int
    interrupt: int  # Unicorn's number of the exception that ended the last run, 0: none did
    serves_exceptions: int  # whether a run goes on behind those that the hook can serve
    takes_input: bool  # whether characters, and transmitters, may be lent to it
    returns_from: int  # the instruction that returns from a handler, if its block is closed already
    state: int
    initial_state: int  # of an empty pipeline
    current: int  # block index, -1 between blocks
    executed: int
    block_serial: int
    protection: int  # a bit for the map of what may be executed; 0: everything
    need_address: int
    need_size: int
    need_skipped: int
    need_edge: int
    need_block: int
    mask_watch: int
    mask_priority: int
    trace_enabled: int
    trace_length: int

    @property
    def footprint(self) -> Footprint:
        """Where data accesses go, while it is asked to count."""

    @property
    def contexts(self) -> CallContexts:
        """The call-context tree."""

    def attach(self, core: Core) -> None:
        """Hook into a core; once. A run may then go on behind exceptions that the hook has served."""

    def share_exceptions(self, state: ExceptionState) -> None:
        """Enter and leave handlers by this state; once, after :meth:`attach`."""

    def share_reads(self, reads: RememberedReads) -> None:
        """Answer loads of device registers by what is remembered; once, after :meth:`attach`."""

    def share_input(self, lent: LentInput) -> None:
        """Let characters come that are lent there; once, after :meth:`attach`. See ``takes_input``."""

    def share_output(self, lent: LentOutput) -> None:
        """Let characters leave that are lent there; once, after :meth:`attach`. See ``takes_input``."""

    def share_tick(self, lent: LentTick) -> None:
        """Make SysTick pending when it is lent there; once, after :meth:`attach`. See ``takes_input``."""

    def know_turn(self, turn: KnownTurn) -> None:
        """Turns of a waiting loop that go as this one may be skipped while a transmitter is lent."""

    def know_loads(self, block: int, state: int, loads: Sequence[KnownLoad], issue: Sequence[int]) -> None:
        """All loads of a block, entered in timing state ``state``; its events issue as ``issue`` says."""

    def memories_changed(self) -> None:
        """A memory has become writable, or answers elsewhere than before."""

    def take_exception(self) -> int:
        """Between two blocks: enter the handler of what preempts; a member of :class:`Taken`."""

    def watch_code(self, first: int, last: int) -> None:
        """Add a code hook from one address to another (the caller drops what is translated there)."""

    def add_block(self, plan: BlockPlan, host_pointer: int, code: bytes) -> int:
        """Register a block; ``host_pointer`` not 0: verify its bytes at every entry."""

    def watch_traps(self, suspect: Callable[[int], None]) -> None:
        """Have ``suspect(address)`` called before an instruction that may trap by its operands.

        A division by zero, an unaligned access that must be aligned and whose address the block's
        entry does not tell; the others stop with :attr:`Stop.MISALIGNED` until
        :meth:`watches_alignment`. ``suspect`` must not raise.
        """

    def watches_alignment(self, block: int) -> None:
        """The caller watches the block's strict accesses one by one from now on."""

    def permit(self, block: int, protection: int) -> None:
        """The block may be executed under this map (a bit): do not stop for that again."""

    def forget_permits(self) -> None:
        """The bits stand for other maps from now on."""

    def set_guards(self, guards: Sequence[tuple[int, int]]) -> None:
        """Stop with :attr:`Stop.GUARDED` at blocks whose data may meet one of these (first, last) bytes.

        A watched access that meets one is a suspect of :meth:`watch_traps`.
        """

    def drop_block(self, block: int) -> None:
        """Ask for a block anew at its next entry; what it counted stays."""

    def add_path(
        self, state: int, block: int, skipped: int, issue: Sequence[int], pairs: Sequence[LoadPair] = ()
    ) -> int:
        """Register a path with the issue cycle of each of the block's events, and its pairs of loads."""

    def find_path(self, state: int, block: int, skipped: int) -> int:
        """Index of a path, -1 when not met yet."""

    def set_edge(self, path: int, edge: int, cycles: int, next_state: int) -> None:
        """Register an edge."""

    def finish(self, edge: int) -> int:
        """Close the current block from Python; a :class:`Stop` code that needs an answer, or 0."""

    def abandon(self, instructions: int, cycles: int) -> None:
        """Close the current block after ``instructions`` of its instructions."""

    def skip(self, cycles: int, instructions: int) -> None:
        """Count turns of a waiting loop that are not run: the memory system's clocks go along."""

    def advance(self, issue: Sequence[int], upto: int) -> int:
        """Run the current block's events up to instruction ``upto``; returns its stalls so far."""

    def trace(self) -> list[int]:
        """Block indices met since tracing was enabled, the last 1024 at most."""

    def set_region(
        self,
        number: int,
        base: int,
        end: int,
        port: int,
        instruction_cache: int,
        data_cache: int,
        *,
        free: bool,
        first_load: int = 0,
        stores: int = 0,
    ) -> None:
        """Describe a region; -1 for no port or cache; ``free``: costs nothing when aligned.

        ``first_load``: what a load waits that follows no load of the same memory. ``stores``:
        a number of :class:`emulator.timing.memory.level_one.Stores`.
        """

    def set_port(self, number: int, wait_states: int, read_shift: int, prefetch: int) -> None:
        """Describe a memory behind a bus."""

    def set_bus(self, number: int, bus_cycles: int, rules: int) -> None:
        """Say how many cycles a miss takes beside the memory's own, and whose rules it follows.

        ``rules``: a number of :class:`emulator.timing.memory.memory_system.Rules`.
        """

    def set_cache(self, number: int, enabled: int, sets: int, ways: int, line_shift: int) -> None:
        """Describe a cache; a changed shape empties it."""

    def invalidate(self, number: int) -> None:
        """Empty a cache."""

    def cache_counts(self, number: int) -> tuple[int, int]:
        """(hits, misses) of a cache."""

    def set_data_timing(self, unaligned: UnalignedTiming, divide: DivideTiming) -> None:
        """Extra cycles that depend on running values."""

    def path_counts(self) -> list[PathCount]:
        """Every path with its counts."""

    def event_stalls(self, block: int) -> tuple[int, ...]:
        """Stall cycles that each event of a block has added up."""

    def event_unaligned(self, block: int) -> tuple[int, ...]:
        """The part of :meth:`event_stalls` that comes from unaligned data."""

    def event_bus(self, block: int) -> tuple[int, ...]:
        """The part that comes from going to another memory than the datum before."""

    def counters(self) -> Counters:
        """All counts at once, for whoever looks often."""

    def mark(self) -> None:
        """Remember all counts; an earlier mark is forgotten."""

    def since_mark(self) -> Counters:
        """What the counts have added since the mark: pairs of a word's number and what it has added."""

    def path_key(self, path: int) -> tuple[int, int, int]:
        """State, block and skipped instructions of a path, by its number."""

    def save(self) -> Any:
        """Counters, state and memory system for a snapshot."""

    def load(self, saved: Any) -> None:
        """Put a saved state back."""
