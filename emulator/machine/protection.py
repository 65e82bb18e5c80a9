"""Holds the core to what its MPU allows: data by the TLB's entries, code at the entry of each block.

The rights change where the firmware writes the MPU's registers, and with the mode: at exceptions and
returns, MSR of CONTROL and FAULTMASK, CPS of FAULTMASK. Each of these ends a block or is served
between two, so :meth:`Protection.settle` sees it before the next block. LDRT and STRT are looked at
one by one. Nothing is done for a firmware that never turns its MPU on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from emulator.engine.alignment import reach_of
from emulator.engine.core import GENERAL
from emulator.engine.engine import Engine
from emulator.engine.library import native_library
from emulator.engine.protected_pages import PAGE_BYTES, USER_SHIFT, PageRights, ProtectedPages
from emulator.system.core import MemoryFault
from emulator.system.faults import FaultKind
from emulator.system.memory_attributes import MemoryAttributes, memory_attributes
from emulator.system.protection import ADDRESS_SPACE, RW, ProtectionMap, Right
from emulator.system.system import System
from emulator.thumb.instruction import PC, Block, Instruction, Kind

MOST_MAPS = 64
"""Of executable stretches, a bit of the hook's each."""
UNPRIVILEGED_MASK, UNPRIVILEGED = 0xFE800F00, 0xF8000E00
"""LDRT, STRT and their kin, A7.7.66 and others: encoding T1."""
Edges = tuple[tuple[int, bool], ...]
SYSM_FAULTMASK, SYSM_CONTROL = 19, 20
CPS_F = 1
LONGEST_GUARD, LONGEST_HOLE = 256, 2048
"""Bytes of a stretch, that may be read and that may not, of which the block hook keeps data away."""
MOST_GUARDS = 16
MOST_ENFORCED = 256
"""Maps that are kept; an RTOS goes round few."""
ATTRIBUTED_CORES = ("cortex-m7", "cortex-m33", "cortex-m55", "cortex-m85")
"""Whose caches, or those on whose buses, look at a memory's attributes."""
MOST_IN_GUARDS = 1000
"""So many accesses that a guard allows (loads, say) show that it is none."""


@dataclass(frozen=True, slots=True)
class _Enforced:
    """A map as the engine has it; ``guards``, ``executable``: of privileged and of unprivileged code."""

    pages: PageRights
    guards: tuple[Sequence[tuple[int, int]], Sequence[tuple[int, int]]]
    executable: tuple[Edges, Edges]
    attributes: Sequence[tuple[int, int, MemoryAttributes]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An access that the MPU refuses: ``address``, and who refuses it, in words."""

    kind: FaultKind
    address: int
    detail: str
    is_store: bool = False


class Protection:
    """One machine's MPU at work.

    ``stop()``: come back to Python at the next block. ``refused(refusal)``: of the access that is
    being made; ``no_memory(address)``: nothing answers it, or a flash a store.
    """

    def __init__(
        self,
        engine: Engine,
        system: System,
        *,
        stop: Callable[[], None],
        refused: Callable[[Refusal], None],
        no_memory: Callable[[int], None],
    ) -> None:
        self._engine = engine
        self._core, self._hook, self._automaton = engine.core, engine.hook, engine.automaton
        self._system, self._mpu = system, system.mpu
        self._stop, self._refused, self._no_memory = stop, refused, no_memory
        self._pages: ProtectedPages | None = None
        self._map, self._user = self._mpu.off_map, False
        self._updated: list[ProtectionMap | None] = [None, None]  # what the entries of both kinds follow
        self._rights: dict[int, _Enforced] = {}
        self._uses_guards, self._in_guards = True, 0
        self._bits: dict[Edges, int] = {}
        self._watched: set[tuple[int, bool]] = set()  # address, whether it may be refused
        self._now_guards: Sequence[tuple[int, int]] = ()
        self._stale = False

    @property
    def is_on(self) -> bool:
        """Whether any access may be refused."""
        return self._pages is not None and not self._map.is_default

    def data_rights(self) -> tuple[PageRights | None, bool]:
        """What the running code may do with data, none: everything; whether it is unprivileged."""
        return (self._enforced(self._map).pages if self.is_on else None), self._user

    def settle(self) -> None:
        """Between two stretches of emulation: follow what has changed."""
        if self._pages is None and not self._mpu.is_armed:
            return
        now, user = self._system.protection_map(), self._system.is_unprivileged()
        if self._pages is not None and now is self._map and user is self._user and not self._stale:
            return
        self._stale = False
        pages = self._pages or self._begin()
        self._map, self._user = now, user
        enforced = self._enforced(now)
        pages.use(enforced.pages, user=user)
        if self._updated[user] is not now:
            self._updated[user] = now
            if self._core.tlb.protection_changed():
                self._updated = [now, now]
        self._now_guards = enforced.guards[user]
        self._automaton.guard(self._now_guards)
        self._engine.memory_map.follow_attributes(enforced.attributes)
        self._hook.protection = self._bit(enforced.executable[user])

    def _begin(self) -> ProtectedPages:
        regions = [m.region for m in self._core.memories]
        self._pages = ProtectedPages(
            self._core.uc,
            native_library(),
            flash=[(r.base, r.end - 1) for r in regions if r.kind != "ram"],
            host_of=self._host_of,
            load=self._load,
            store=self._store,
            refused=self._refused_in_place,
        )
        self._core.tlb.protect(self._pages)
        return self._pages

    def _attributes_of(self, protection: ProtectionMap) -> Sequence[tuple[int, int, MemoryAttributes]]:
        """What caches and store buffers follow; nothing where no region of the MPU has attributes."""
        architecture = self._system.features.architecture
        if protection.is_default or self._system.features.name not in ATTRIBUTED_CORES:
            return ()
        ends = [s.start for s in protection.segments[1:]] + [ADDRESS_SPACE]
        return tuple(
            (s.start, end, memory_attributes(architecture, s.attributes))
            for s, end in zip(protection.segments, ends, strict=True)
        )

    def _enforced(self, protection: ProtectionMap) -> _Enforced:
        found = self._rights.get(protection.number)
        if found is None:
            if len(self._rights) == MOST_ENFORCED:
                self._rights.clear()
            guards = self._guards(protection, False), self._guards(protection, True)
            pages = PageRights(
                [s.start for s in protection.segments],
                [(s.privileged & RW) | (s.unprivileged & RW) << USER_SHIFT for s in protection.segments],
                (list(guards[0]), list(guards[1])),
            )
            found = self._rights[protection.number] = _Enforced(
                pages,
                (_joined(guards[0].values()), _joined(guards[1].values())),
                (protection.executable(unprivileged=False), protection.executable(unprivileged=True)),
                self._attributes_of(protection),
            )
        return found

    def _guards(self, protection: ProtectionMap, user: bool) -> dict[int, tuple[int, int]]:
        """Pages of RAM with one short stretch that hardly anybody accesses: page, (first, last) byte."""
        found: dict[int, tuple[int, int]] = {}
        for page, kept in protection.partial_pages(PAGE_BYTES, unprivileged=user).items():
            memory = self._core.memory_at(page)
            if len(kept) != 1 or memory is None or memory.region.kind != "ram" or not self._uses_guards:
                continue
            first, last, rights = kept[0]
            if last - first < (LONGEST_GUARD if rights & Right.READ else LONGEST_HOLE):
                found[page] = (first, last)
        return found if len(found) <= MOST_GUARDS else {}

    def _bit(self, executable: Edges) -> int:
        if executable not in self._bits:
            if len(self._bits) == MOST_MAPS:
                self._bits.clear()
                self._hook.forget_permits()
            self._bits[executable] = 1 << len(self._bits)
        return self._bits[executable]

    # -- data --------------------------------------------------------------------------------
    def _host_of(self, page: int) -> int:
        memory = self._core.memory_at(page)
        if memory is None or self._core.tlb.holds_code(page):
            return 0
        return memory.pointer + page - memory.region.base

    def _load(self, address: int, size_bytes: int) -> int:
        try:
            return int.from_bytes(self._core.read_memory(address, size_bytes), "little")
        except MemoryFault:
            self._no_memory(address)
            return 0

    def _store(self, address: int, size_bytes: int, value: int) -> None:
        data = (value & (1 << 8 * size_bytes) - 1).to_bytes(size_bytes, "little")
        memory = self._core.memory_at(address)
        if memory is not None and memory.region.kind == "ram":
            self._core.uc.mem_write(address, data)  # what was translated there is forgotten
            return
        try:
            self._core.write_memory(address, data)
        except MemoryFault:
            self._no_memory(address)

    def _refused_in_place(self, address: int, is_store: bool) -> None:
        assert self._pages is not None
        refused = self._pages.take_refused()
        user = refused[2] if refused is not None else self._user
        right = Right.WRITE if is_store else Right.READ
        self._refused(self._refusal(address, right, user))

    def take_refusal(self, pc: int) -> Refusal | None:
        """Why the TLB refused the access of the instruction at ``pc``, if that ended the run."""
        refused = self._pages.take_refused() if self._pages is not None else None
        if refused is None:
            return None
        page, is_store, user = refused
        right = Right.WRITE if is_store else Right.READ
        return self._refusal(self._first_refused(pc, page, right, user), right, user)

    def _first_refused(self, pc: int, page: int, right: Right, user: bool) -> int:
        """The address of the access that met ``page``: of a multiple, the first one that is refused."""
        instruction = self._automaton.instruction_at(pc)
        reach = None if instruction is None else self._reach(instruction)
        refused = None if reach is None else self._map.refused(*reach, right, unprivileged=user)
        return page if refused is None else refused

    def _reach(self, instruction: Instruction) -> tuple[int, int] | None:
        return reach_of(instruction, self._register)

    def _register(self, number: int) -> int:
        return self._core.get(GENERAL[number])

    def refuses(self, address: int, *, is_store: bool) -> Refusal | None:
        """Whether it is the MPU that refuses an access that its memory refused too."""
        right = Right.WRITE if is_store else Right.READ
        if self._pages is None or not right & ~self._map.at(address).rights(unprivileged=self._user):
            return None
        return self._refusal(address, right, self._user)

    def _refusal(self, address: int, right: Right, user: bool) -> Refusal:
        kind = FaultKind.MEMORY_INSTRUCTION if right is Right.EXECUTE else FaultKind.MEMORY_DATA
        words = self._map.words(address, right, unprivileged=user)
        return Refusal(kind, address, words, is_store=right is Right.WRITE)

    # -- code --------------------------------------------------------------------------------
    def permits(self, number: int) -> bool:
        """Whether the first instruction of the block may be executed; the hook need not ask again."""
        block = self._automaton.plans[number].block
        refused = self._map.refused(block.address, block.size_bytes, Right.EXECUTE, unprivileged=self._user)
        if refused is not None and refused < block.instructions[0].end:
            return False
        suspects = {i.address for i in block.instructions if _is_looked_at(i)}
        if refused is not None:
            suspects.add(next(i.address for i in block.instructions if i.end > refused))
        changes = {i.address for i in block.instructions if _changes_rights(i)}
        self._watch(block, suspects, changes)
        self._hook.permit(number, self._hook.protection)
        return True

    def _watch(self, block: Block, suspects: set[int], changes: set[int]) -> None:
        found = {(address, True) for address in suspects} | {(address, False) for address in changes}
        fresh = found - self._watched
        for address, is_suspect in fresh:
            self._core.watch_code(address, self._automaton.suspect if is_suspect else self._changes)
        self._watched |= fresh
        if fresh:
            self._core.forget_code(block.address, block.size_bytes)

    def _changes(self, _address: int) -> None:
        self._stop()

    def fetch_refusal(self, pc: int) -> Refusal:
        """Who refuses the fetch of the instruction at ``pc``."""
        refused = self._map.refused(pc, 4, Right.EXECUTE, unprivileged=self._user)
        return self._refusal(pc if refused is None else refused, Right.EXECUTE, self._user)

    def refusal_of(self, instruction: Instruction) -> Refusal | None:
        """Why an instruction that is watched, and about to execute, is refused, if it is."""
        if self._pages is None:
            return None
        start, size = instruction.address, instruction.size_bytes
        if self._map.refused(start, size, Right.EXECUTE, unprivileged=self._user) is not None:
            return self.fetch_refusal(start)
        user = self._user
        if is_unprivileged_access(instruction):
            self._pages.state.user_pc, user = start, True
        return self._data_refusal(instruction, user)

    def _data_refusal(self, instruction: Instruction, user: bool) -> Refusal | None:
        reach = self._reach(instruction)
        if reach is None:
            return None
        is_store = instruction.memory is not None and instruction.memory.is_store
        right = Right.WRITE if is_store else Right.READ
        address, size = reach
        refused = self._map.refused(address, size, right, unprivileged=user)
        if refused is not None:
            return self._refusal(refused, right, user)
        if any(address <= last and address + size > first for first, last in self._now_guards):
            self._allowed_in_guard()
        return None

    def _allowed_in_guard(self) -> None:
        """A stretch that is read again and again is redirected with its page."""
        self._in_guards += 1
        if self._in_guards == MOST_IN_GUARDS:
            self._uses_guards = False
            self._rights.clear()
            self._updated = [None, None]
            self._stale = True
            self._stop()


def _joined(stretches: Iterable[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Stretches, those made one that one page's end has cut."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(stretches):
        if joined and joined[-1][1] + 1 == first:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return tuple(joined)


def _is_looked_at(instruction: Instruction) -> bool:
    """What the TLB and the block hook can't tell: LDRT and STRT, a table branch by a register."""
    by_register = instruction.kind is Kind.TABLE_BRANCH and instruction.opcode >> 16 & 15 != PC
    return by_register or is_unprivileged_access(instruction)


def is_unprivileged_access(instruction: Instruction) -> bool:
    """LDRT, STRT and their kin."""
    return instruction.is_wide and instruction.opcode & UNPRIVILEGED_MASK == UNPRIVILEGED


def _changes_rights(instruction: Instruction) -> bool:
    """MSR of CONTROL or FAULTMASK, CPS of FAULTMASK."""
    if instruction.name in ("cpsid", "cpsie"):
        return bool(instruction.opcode & CPS_F)
    return instruction.name == "msr" and instruction.opcode & 0xFF in (SYSM_FAULTMASK, SYSM_CONTROL)
