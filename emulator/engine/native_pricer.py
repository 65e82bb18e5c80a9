"""The native pricer seen from Python: it plans blocks and prices paths as planner.py and a core's model do.

Twin: hooks/pricer.h. Python decodes each encoding once and puts it into a book with the model's figures;
from then on C answers, digit by digit as Python would, what it has room for; it says what it leaves to
Python: blocks with an instruction that is watched, guarded accesses, states of another size.
"""

from __future__ import annotations

import ctypes as c
import struct
import weakref
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, Protocol

from emulator.engine.absent import AbsentInstructions
from emulator.engine.hooks.native_hook import NativeHook, PackedPath
from emulator.engine.lazily import Origin
from emulator.engine.native_decoded import ENTRY_BYTES, KEY, decoded_of_key
from emulator.thumb.instruction import Instruction
from emulator.timing.cores.armv7m import Armv7mModel
from emulator.timing.cores.armv7m_native import NativeArmv7m
from emulator.timing.cores.cortex_m7 import CortexM7
from emulator.timing.cores.cortex_m7_native import NativeM7
from emulator.timing.cores.cortex_m33 import CortexM33
from emulator.timing.cores.cortex_m33_native import NativeM33
from emulator.timing.cores.native_core import Figures, NativeCore
from emulator.timing.memory.prefetch_unit import QUEUE_LEAD
from emulator.timing.model import CoreModel, CountModel

MOST_INSTRUCTIONS, MOST_EVENTS = 512, 1536
STATE_BYTES = 192
ANSWERS, MISSES = 1, 2
NO_EVENT = 0xFFFFFFFF
PLANNED = struct.Struct("=4I")
"""``PricerFound`` from ``site`` on."""


class _Found(c.Structure):
    """``PricerFound`` in pricer.h."""

    missing: Any
    n_missing: int
    n_events: int
    site: int
    branch_event: int
    uses_fpu: int
    n_hook_addresses: int
    hook_addresses: Any
    cycles: int
    next_state: int
    n_pairs: int
    pairs: Any
    issue: Any

    _fields_ = (
        ("missing", c.c_uint64 * MOST_INSTRUCTIONS),
        *(
            (n, c.c_uint32)
            for n in ("n_missing", "n_events", "site", "branch_event", "uses_fpu", "n_hook_addresses")
        ),
        ("hook_addresses", c.c_uint32 * (2 * MOST_INSTRUCTIONS)),
        *((n, c.c_uint32) for n in ("cycles", "next_state", "n_pairs")),
        ("pairs", c.c_uint16 * (4 * MOST_INSTRUCTIONS)),
        ("issue", c.c_uint16 * MOST_EVENTS),
    )


LookAround = Callable[[], None]


class Book(Protocol):
    """Keeps what was decoded for the next run: :mod:`emulator.engine.kept_book`."""

    def keep(self, entries: bytes) -> None:
        """Keep what was put into the book."""


class Planned(NamedTuple):
    """A block that was planned, where C has it until the next one is.

    ``branch``: the event of a predicted branch at ``site``, None without one.
    """

    pointer: int
    hook_addresses: tuple[int, ...]
    branch: int | None
    site: int
    uses_fpu: bool


class Priced(NamedTuple):
    """A path that was priced, with one way out. ``next_state``: by the pricer's numbers."""

    path: PackedPath
    cycles: int
    next_state: int


class NativeCount:
    """Counting alone: see :class:`emulator.timing.cores.native_core.NativeCore`."""

    number = 4
    rules: tuple[int, ...] = ()

    def figures(self, instruction: Instruction) -> Figures:  # noqa: ARG002
        """See the protocol."""
        return Figures(1)

    def pack(self, state: Hashable) -> bytes:  # noqa: ARG002
        """See the protocol."""
        return b""

    def unpack(self, packed: bytes) -> Hashable:  # noqa: ARG002
        """See the protocol."""
        return 0


def native_core(model: CoreModel) -> NativeCore | None:
    """A model as C takes it; None: C does not know it."""
    if isinstance(model, CountModel):
        return NativeCount()
    if isinstance(model, Armv7mModel):
        return NativeArmv7m(model)
    if isinstance(model, CortexM33):
        return NativeM33(model)
    return NativeM7(model) if isinstance(model, CortexM7) else None


class NativePricer:
    """Plans and prices for one automaton whose hook is native."""

    def __init__(self, hook: NativeHook, core: NativeCore, absent: AbsentInstructions) -> None:
        library, engine = hook.doors
        _prototype(library)
        self._library, self._engine, self._core, self._absent = library, engine, core, absent
        self.book: Book | None = None
        rules = (c.c_int32 * len(core.rules))(*core.rules)
        self.address = library.bl_pricer_new(core.number, QUEUE_LEAD, rules, len(core.rules))
        weakref.finalize(self, library.bl_pricer_free, self.address).atexit = False  # may still run
        self._found = _Found.from_address(self.address)
        self._planned_at = self.address + vars(_Found)["site"].offset
        self._planned = library.bl_pricer_planned(self.address)

    def plan(
        self, address: int, code: bytes, it: int, ways: bytes, look_around: LookAround | None = None
    ) -> Planned | None:
        """Plan a block; None: it is left to Python.

        ``ways``: ``Ways`` in planner.h. ``look_around()``: learn what the code around it has in it, when
        something of the block has to be learned.
        """
        arguments = (self.address, address, code, len(code), it, ways)
        answer = self._library.bl_pricer_plan(*arguments)
        if answer == MISSES and look_around is not None:
            look_around()
            answer = self._library.bl_pricer_plan(*arguments)
        if answer == MISSES:
            self.learn()
            answer = self._library.bl_pricer_plan(*arguments)
        if answer != ANSWERS:
            return None
        site, branch, uses_fpu, hooked = PLANNED.unpack(c.string_at(self._planned_at, PLANNED.size))
        addresses = tuple(self._found.hook_addresses[:hooked]) if hooked else ()
        branch = None if branch == NO_EVENT else branch
        return Planned(self._planned, addresses, branch, site, bool(uses_fpu))

    def set_slot(self, slot: int) -> None:
        """Where the branch of the block that was planned last stands in the predictor's table."""
        self._library.bl_pricer_set_slot(self.address, slot)

    def price(self, step: Origin, code: bytes, it: int) -> Priced | None:
        """Price a step; None: it is left to Python.

        The block is the hook's, and begins in IT state ``it``; the state is by the pricer's number.
        """
        state, block, skipped, edge = step
        arguments = (self._engine, self.address, block, code, it, state, skipped, edge)
        if not self.answers(self._library.bl_pricer_price, *arguments):
            return None
        found = self._found
        issue = c.string_at(self.address + _Found.issue.offset, 2 * max(1, found.n_events))
        n_pairs = found.n_pairs
        pairs = c.string_at(self.address + _Found.pairs.offset, 8 * n_pairs) if n_pairs else NO_PAIRS
        return Priced((issue, n_pairs, pairs), found.cycles, found.next_state)

    def number_of(self, state: Hashable) -> int | None:
        """The pricer's number of a model's state; None: C has no room for it."""
        try:
            packed = self._core.pack(state)
        except (ValueError, struct.error):
            return None
        return int(self._library.bl_pricer_state(self.address, packed.ljust(STATE_BYTES, b"\0")))

    def packed_state(self, number: int) -> bytes:
        """A state in C's form."""
        return c.string_at(self._library.bl_pricer_state_at(self.address, number), STATE_BYTES)

    def state(self, number: int) -> Hashable:
        """A state as the model has it."""
        return self._core.unpack(self.packed_state(number))

    def answers(self, door: Callable[..., int], *arguments: Any) -> bool:
        """Ask C, a second time when the book had to be filled in first."""
        answer = door(*arguments)
        if answer == MISSES:
            self.learn()
            answer = door(*arguments)
        return answer == ANSWERS

    @property
    def hook_addresses(self) -> list[int]:
        """Instructions to be watched, of what was planned or looked at last."""
        return list(self._found.hook_addresses[: self._found.n_hook_addresses])

    def learn(self) -> bool:
        """Put into the book what C has found to be missing; False: nothing is."""
        found = self._found
        if not found.n_missing:
            return False
        keys = set(found.missing[: found.n_missing])
        entries = b"".join(
            KEY.pack(key) + decoded_of_key(key, self._core.figures, self._absent) for key in keys
        )
        self.read(entries)
        if self.book is not None:
            self.book.keep(entries)
        return True

    def read(self, entries: bytes) -> None:
        """Put instructions into the book: ``BookEntry`` in decoded.h, one behind the other."""
        self._library.bl_pricer_add(self.address, entries, len(entries) // ENTRY_BYTES)


NO_PAIRS = b"\0\0"


def _prototype(library: c.CDLL) -> None:
    u32, pointer = c.c_uint32, c.c_void_p
    for name, result, arguments in (
        ("bl_pricer_new", pointer, [u32, u32, pointer, u32]),
        ("bl_pricer_free", None, [pointer]),
        ("bl_pricer_add", None, [pointer, c.c_char_p, u32]),
        ("bl_pricer_state", u32, [pointer, c.c_char_p]),
        ("bl_pricer_state_at", pointer, [pointer, u32]),
        ("bl_pricer_plan", c.c_int, [pointer, u32, c.c_char_p, u32, u32, c.c_char_p]),
        ("bl_pricer_planned", pointer, [pointer]),
        ("bl_pricer_set_slot", None, [pointer, u32]),
        ("bl_pricer_price", c.c_int, [pointer, pointer, u32, c.c_char_p, u32, u32, u32, u32]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
