"""Plans a decoded block's events: what the hook can know at its entry, what it must watch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from emulator.engine.alignment import required_alignment
from emulator.engine.events import (
    BRANCH_DIRECT,
    BRANCH_INDIRECT,
    EVENT_BRANCH,
    EVENT_EXTRA,
    EVENT_FETCH,
    EVENT_LOAD,
    EVENT_QUEUE,
    EVENT_STORE,
    FIRST_SLOT,
    HOOK_ADDRESS,
    HOOK_DIVIDE_SIGNED,
    HOOK_DIVIDE_UNSIGNED,
    HOOK_ELEMENT,
    HOOK_GUARDED,
    HOOK_OBSERVED,
    LEAVES_CALL,
    LEAVES_JUMP,
    LEAVES_NOTHING,
    LEAVES_REGISTER,
    LEAVES_RETURN,
    LEAVES_TABLE,
    MASK32,
    MAX_SLOTS,
    NO_REGISTER,
    NO_TARGET,
    BlockPlan,
    Event,
    Group,
    Hooked,
    LoadPair,
)
from emulator.engine.expressions import BINARY, UNARY, Graph, Node, Op
from emulator.engine.symbolic import Registers
from emulator.thumb.fields import sign_extend
from emulator.thumb.instruction import LR, SP, Block, Instruction, Kind, MemoryAccess
from emulator.thumb.vector.scattered import scattered
from emulator.timing.cores.classes import is_conditional
from emulator.timing.memory.stm32_line_buffers import DATA_LAG, FETCH_LAG

SIGNED_DIVIDE = 0xFB9


def load_pairs(plan: BlockPlan, positions: Sequence[tuple[int, int]]) -> tuple[LoadPair, ...]:
    """The pairs at these instructions whose addresses the block's entry tells."""
    group_of = {event: number for number, group in enumerate(plan.groups) for event in group.events}
    event_at = {e.instruction: n for n, e in enumerate(plan.events) if e.kind == EVENT_LOAD and n in group_of}
    found = []
    for older, younger in positions:
        if older in event_at and younger in event_at:
            a, b = event_at[older], event_at[younger]
            differ = bool((plan.events[a].address ^ plan.events[b].address) & 4)
            found.append(LoadPair(group_of[a], group_of[b], differ, b))
    return tuple(found)


def plan_block(
    block: Block,
    *,
    entry_class: int,
    observed: Sequence[int],
    fetch_shift: int | None,
    fetches_ahead: bool = False,
    watch_data: bool,
    watch_divides: bool,
    branch_slot: Callable[[int], int] | None = None,
    runs_ahead: bool = False,
    traps_unaligned: bool = False,
    anchors: bool = True,
    each_access: bool = False,
) -> BlockPlan:
    """Plan the events of ``block``.

    ``fetch_shift``: log2 of the bytes that one instruction read brings, None where
    fetching is free. ``fetches_ahead``: as a Cortex-M0+ does, see
    emulator.timing.memory.stm32_line_buffers.
    ``watch_data``: data addresses matter (alignment, caches). ``branch_slot``
    numbers branches for the predictor of a core that has one. ``runs_ahead``: when a branch leaves
    the prefetch queue matters, see emulator.timing.memory.prefetch_unit. ``traps_unaligned``:
    CCR.UNALIGN_TRP is set. ``anchors``: an address may be found at an earlier instruction than its own;
    ``each_access``: all are looked at there too, for guards.
    """
    planner = _Planner(
        DATA_LAG if fetches_ahead else 0,
        traps_unaligned=traps_unaligned,
        anchors=anchors,
        each_access=each_access,
    )
    fetches = _fetches(block, fetch_shift, ahead=fetches_ahead)
    for position, instruction in enumerate(block.instructions):
        planner.events += fetches.get(position, ())
        if watch_data and instruction.memory is not None:
            planner.data(instruction, position)
        elif watch_data and (data := scattered(instruction)) is not None:
            planner.scattered(instruction, position, *data)
        if watch_divides and instruction.kind is Kind.DIVIDE:
            _plan_divide(instruction, position, planner.events, planner.hooked)
        planner.registers.execute(instruction)
    if branch_slot is not None:
        planner.branch(block, branch_slot)
    elif runs_ahead and block.instructions[-1].writes_pc:
        planner.events.append(Event(EVENT_QUEUE, len(block.instructions) - 1, block.end))
    kept = tuple(observed[:32])
    for bit, position in enumerate(kept):
        planner.hooked.append(Hooked(block.instructions[position].address, HOOK_OBSERVED, bit))
    planner.hooked.sort(key=lambda h: h.address)
    program, groups = planner.finish()
    last = block.instructions[-1]
    return BlockPlan(
        block,
        entry_class,
        tuple(planner.events),
        groups,
        tuple(planner.hooked),
        kept,
        program,
        tuple(sorted({h.address for h in planner.hooked})),
        leaving_of(last),
        last.address,
        NO_TARGET if last.target is None else last.target,
        planner.is_whole,
    )


def leaving_of(last: Instruction) -> int:
    """How a block's last instruction may lead to another function, or through a table."""
    leaving = LEAVES_TABLE
    if last.kind is Kind.TABLE_BRANCH:
        return leaving
    if not last.writes_pc:
        leaving = LEAVES_NOTHING
    elif last.link:
        leaving = LEAVES_CALL
    elif last.target is not None:
        leaving = LEAVES_JUMP
    elif last.memory is not None:
        leaving = LEAVES_RETURN if last.memory.base == SP else LEAVES_TABLE
    elif last.kind is Kind.BRANCH_REGISTER and last.reads >> LR & 1:
        leaving = LEAVES_RETURN
    elif last.name == "bx":
        leaving = LEAVES_REGISTER
    return leaving


def _fetches(block: Block, shift: int | None, *, ahead: bool) -> dict[int, list[Event]]:
    """The fetches that come before each instruction's data.

    ``ahead``: a line is fetched while the instruction before it executes, so that a branch in a
    line's last half-word has the next line fetched too, wherever it goes.
    """
    found: dict[int, list[Event]] = {}
    if shift is None:
        return found
    fetched = -1
    for position, instruction in enumerate(block.instructions):
        last = (instruction.end - 1) >> shift
        for unit in range(max(fetched + 1, instruction.address >> shift), last + 1):
            at, lag = (position - 1, FETCH_LAG) if ahead and position else (position, 0)
            found.setdefault(at, []).append(
                Event(EVENT_FETCH, at, max(unit << shift, block.address), lag=lag)
            )
        fetched = last
    if ahead and block.end >> shift != fetched:
        at = len(block.instructions) - 1
        if block.instructions[-1].size_bytes == 2:
            found.setdefault(at, []).append(Event(EVENT_FETCH, at, block.end, lag=FETCH_LAG))
    return found


class _Planner:
    """Collects the data events of one block."""

    def __init__(self, data_lag: int, *, traps_unaligned: bool, anchors: bool, each_access: bool) -> None:
        self._use_anchors, self._each_access = anchors, each_access
        self.is_whole = True
        self._data_lag = data_lag
        self._traps_unaligned = traps_unaligned
        self._strict: dict[int, int] = {}  # event: bits of its address that trap
        self.registers = Registers()
        self.events: list[Event] = []
        self.hooked: list[Hooked] = []
        self._affine: dict[tuple[int, int, int], list[int]] = {}
        self._computed: dict[int, list[tuple[int, int]]] = {}  # root node: (event, constant)
        self._anchors: dict[int, tuple[int, int, int]] = {}  # symbol: where read, register, constant there

    def data(self, instruction: Instruction, position: int) -> None:
        """Plan a load or store."""
        access = instruction.memory
        assert access is not None
        kind = EVENT_STORE if access.is_store else EVENT_LOAD
        number = len(self.events)
        strict = required_alignment(instruction, everywhere=self._traps_unaligned)
        self._strict[number] = strict
        graph = self.registers.graph
        address = self.registers.address_of(instruction, access)
        root, constant = graph.split(address)
        self.events.append(
            Event(
                kind, position, constant,
                size_bytes=access.size_bytes, count=access.count, lag=self._data_lag,
            )
        )  # fmt: skip
        if instruction.condition is not None:
            self._hook_here(instruction, access, number)
            return
        if self._each_access:
            self._hook_here(instruction, access, number, HOOK_GUARDED)
        form = _affine_form(graph, address)
        if form is not None:
            base, index, shift, offset = form
            self.events[number] = replace(
                self.events[number], address=offset, base=base, index=index, shift=shift
            )
            self._affine.setdefault((base, index, shift), []).append(number)
        elif not graph.is_opaque(root):
            self._computed.setdefault(root, []).append((number, constant))
        elif graph.nodes[root].op is Op.SYMBOL and access.index is None and not strict and self._use_anchors:
            here = (instruction.address, access.base, constant - access.offset)
            anchor = self._anchors.setdefault(root, here)
            delta = sign_extend(constant - anchor[2], 32)
            self.hooked.append(Hooked(anchor[0], HOOK_ADDRESS, number, anchor[1], offset=delta))
        else:
            self._hook_here(instruction, access, number)

    def scattered(self, instruction: Instruction, position: int, count: int, size_bytes: int) -> None:
        """Plan the data of a gather, scatter or interleaving access: the interpreter says where they lie."""
        kind = EVENT_STORE if instruction.kind is Kind.VECTOR_STORE else EVENT_LOAD
        for number in range(count):
            event = len(self.events)
            self._strict[event] = 0
            self.events.append(Event(kind, position, 0, size_bytes=size_bytes, count=1, lag=self._data_lag))
            self.hooked.append(Hooked(instruction.address, HOOK_ELEMENT, event, offset=number))

    def _stride(self, base: int, index: int, shift: int) -> tuple[int | None, int]:
        """How far a group's base is behind the block from where it was before it, and a register beside."""
        stride, beside = 0, NO_REGISTER
        for register, factor in ((base, 1), (index, 1 << shift)):
            if register == NO_REGISTER:
                continue
            step = self.registers.added(register) if register < FIRST_SLOT else None
            if step is None or (step[1] is not None and (factor != 1 or beside != NO_REGISTER)):
                return None, NO_REGISTER
            stride += step[0] * factor
            beside = beside if step[1] is None else step[1]
        return sign_extend(stride, 32), beside

    def branch(self, block: Block, slot: Callable[[int], int]) -> None:
        """Plan the prediction of a branch at the block's end that may go two or more ways."""
        last = block.instructions[-1]
        if not last.writes_pc:
            return
        conditional = is_conditional(last)
        if not conditional and last.target is not None:
            return
        backward = last.target is not None and last.target <= last.address
        kind = BRANCH_DIRECT if conditional else BRANCH_INDIRECT
        position = len(block.instructions) - 1
        self.events.append(Event(EVENT_BRANCH, position, slot(last.address), shift=int(backward), count=kind))

    def _hook_here(
        self, instruction: Instruction, access: MemoryAccess, number: int, kind: int = HOOK_ADDRESS
    ) -> None:
        base, offset = access.base, access.offset
        if base == 15:
            base, offset = NO_REGISTER, ((instruction.address + 4) & ~3) + offset
        index = NO_REGISTER if access.index is None else access.index
        self.hooked.append(
            Hooked(
                instruction.address,
                kind,
                number,
                base,
                index,
                access.shift,
                sign_extend(offset, 32),
                strict_mask=self._strict[number],
            )
        )

    def finish(self) -> tuple[tuple[Node, ...], tuple[Group, ...]]:
        """The program that computes the slots, and all groups."""
        graph = self.registers.graph
        needed = graph.needed(tuple(self._computed))
        self.is_whole = len(needed) <= MAX_SLOTS
        while len(needed) > MAX_SLOTS:  # the values computed last are dropped: unpriced, in both hooks
            self._computed.popitem()
            needed = graph.needed(tuple(self._computed))
        slots = {number: slot for slot, number in enumerate(needed)}
        for root, members in self._computed.items():
            for number, constant in members:
                base = FIRST_SLOT + slots[root]
                self.events[number] = replace(self.events[number], address=constant, base=base)
                self._affine.setdefault((base, NO_REGISTER, 0), []).append(number)
        groups = tuple(
            _group(key, members, self.events, self._strict, *self._stride(*key))
            for key, members in self._affine.items()
        )
        return tuple(_in_slots(graph.nodes[n], slots) for n in needed), groups


def _in_slots(node: Node, slots: dict[int, int]) -> Node:
    """The node with slots in place of node numbers; a unary one names its operand twice."""
    a = slots[node.a] if node.op in BINARY or node.op in UNARY else 0
    b = slots[node.b] if node.op in BINARY else a
    imm = node.imm
    if node.op is Op.FORWARD and imm >> 16:
        imm = imm & 0xFFFF | (slots[(imm >> 16) - 1] + 1) << 16
    return Node(node.op, a, b, imm)


def _affine_form(graph: Graph, address: int) -> tuple[int, int, int, int] | None:
    """(base, index, shift, offset) over entry registers, None when it is not of that form."""
    root, constant = graph.split(address)
    node = graph.nodes[root]
    if node.op is Op.CONSTANT:
        return NO_REGISTER, NO_REGISTER, 0, node.imm
    if node.op is Op.REGISTER:
        return node.imm, NO_REGISTER, 0, constant
    if node.op is Op.ADD:
        for a, b in ((node.a, node.b), (node.b, node.a)):
            base, index = graph.nodes[a], graph.nodes[b]
            shift = 0
            if index.op is Op.LSL_IMMEDIATE:
                shift, index = index.imm, graph.nodes[index.a]
            if base.op is Op.REGISTER and index.op is Op.REGISTER:
                return base.imm, index.imm, shift, constant
    return None


def divides_signed(instruction: Instruction) -> bool:
    """Whether a division is SDIV, not UDIV."""
    return instruction.opcode >> 20 & 0xFFF == SIGNED_DIVIDE


def _plan_divide(instruction: Instruction, position: int, events: list[Event], hooked: list[Hooked]) -> None:
    hooked.append(
        Hooked(
            instruction.address,
            HOOK_DIVIDE_SIGNED if divides_signed(instruction) else HOOK_DIVIDE_UNSIGNED,
            len(events),
            dividend=(instruction.opcode >> 16) & 15,
            divisor=instruction.opcode & 15,
        )
    )
    events.append(Event(EVENT_EXTRA, position, 0))


def _group(
    key: tuple[int, int, int],
    members: list[int],
    events: list[Event],
    strict: dict[int, int],
    stride: int | None,
    stride_register: int,
) -> Group:
    chosen = [events[number] for number in members]
    strict_mask, strict_offset = _strictest([(strict[n], events[n].address) for n in members])
    offsets = [sign_extend(e.address, 32) for e in chosen]
    return Group(
        *key,
        min_offset=min(offsets),
        max_offset=max(o + e.size_bytes * e.count - 1 for o, e in zip(offsets, chosen, strict=True)),
        align_mask=max(min(e.size_bytes, 4) for e in chosen) - 1,
        aligned=all(o % min(e.size_bytes, 4) == 0 for o, e in zip(offsets, chosen, strict=True)),
        events=tuple(members),
        strict_mask=strict_mask,
        strict_offset=strict_offset,
        stride=stride,
        stride_register=stride_register,
    )


def _strictest(accesses: list[tuple[int, int]]) -> tuple[int, int]:
    """A mask and an offset that no trap of these (mask, offset) escapes; others may be met too."""
    mask = max(mask for mask, _offset in accesses)
    lowest = {offset & own for own, offset in accesses if own}
    if len(lowest) > 1:  # they can't all be aligned for certain: look whenever the base is not 0
        return MASK32, 0
    return mask, next((offset & own for own, offset in accesses if own == mask), 0)
