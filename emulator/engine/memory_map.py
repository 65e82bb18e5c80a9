"""From a board's regions and accelerators to the memory system's numbers.

Also the far end of :class:`emulator.device.MemoryTuning`: what firmware writes into a flash
or cache controller changes wait states and enables caches here, at the cycle of the write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from emulator.board.model import Accelerator, Board, Region
from emulator.board.parameter_checks import accelerator_parameter_names, check_accelerator
from emulator.engine.hook import BlockHook
from emulator.system.memory_attributes import NORMAL, MemoryAttributes
from emulator.timing.memory.memory_system import KINDS, MAX_REGIONS, Rules

WORD_SHIFT = 2
ATTRIBUTED = ("l1", "icache")
"""Kinds of accelerators that look at an access's attributes (DDI 0489; RM0456, ICACHE: a transaction is
looked up when it is cacheable)."""
Piece = tuple[Region, int, int, MemoryAttributes]


class _Tuned:
    """One accelerator with the numbers of its port and caches, and its current parameters."""

    def __init__(self, accelerator: Accelerator, port: int, instruction: int, data: int) -> None:
        self.accelerator = accelerator
        self.port = port
        self.instruction = instruction
        self.data = data
        self.values = KINDS[accelerator.kind].parameters.completed(accelerator.parameters)
        self.pinned: set[str] = set()


class Fetches(NamedTuple):
    """How instructions are read somewhere.

    ``shift``: log2 of the bytes that one read brings, None where fetching is free. ``ahead``: a line is
    fetched, over the one bus, before the instruction in front of it ends. ``runs_ahead``: a Cortex-M7's
    prefetch unit reads there, over its AXI bus while the cache is off.
    """

    shift: int | None = None
    ahead: bool = False
    runs_ahead: bool = False


class MemoryMap:
    """Programs a hook's memory system from a board; later from the firmware's writes.

    Raises BoardError for an accelerator that no board file could have: not every board was read from one.
    """

    def __init__(self, board: Board, hook: BlockHook, *, timed: bool) -> None:
        self._board = board
        self._hook = hook
        self._timed = timed
        self._tuned: dict[str, _Tuned] = {}
        self._waiting: dict[int, int] = {}
        self._by_region = {region.name: board.accelerator_of(region) for region in board.regions}
        self.level_one = [a.name for a in board.accelerators if a.kind == "l1"]
        """Accelerators that stand for the core's own caches: CCR and the cache operations reach them."""
        self._attributes: Sequence[tuple[int, int, MemoryAttributes]] = ()
        self._described = 0
        self.on_change: Callable[[], None] = lambda: None  # fetches may be others from now on
        self._set_up()

    # -- set-up --------------------------------------------------------------------------
    def _set_up(self) -> None:
        caches = 0
        level_one: tuple[int, int] | None = None
        if self._timed:
            for port, accelerator in enumerate(self._board.accelerators):
                check_accelerator(accelerator)
                instruction, data = caches, caches + 1
                if accelerator.kind == "icache":  # one cache for fetches and data
                    data = instruction
                if accelerator.kind == "l1":  # the core's caches, in front of several memories
                    instruction, data = level_one = level_one or (instruction, data)
                tuned = _Tuned(accelerator, port, instruction, data)
                caches = max(caches, instruction + 1, data + 1)
                self._tuned[accelerator.name] = tuned
                self._apply(tuned)
        self._set_regions()

    def change(self, board: Board) -> None:
        """Take another board's figures for the same memories; caches that change their shape are emptied."""
        self._board = board
        for accelerator in board.accelerators:
            tuned = self._tuned.get(accelerator.name)
            if tuned is not None:
                check_accelerator(accelerator)
                tuned.values = KINDS[accelerator.kind].parameters.completed(accelerator.parameters)
                self._apply(tuned)
        self._waiting.clear()
        self.on_change()
        self._set_regions()

    def _set_regions(self) -> None:
        """Describe every region, cut where the MPU's attributes change."""
        pieces = [piece for region in self._board.regions for piece in self._pieces(region)]
        if len(pieces) > MAX_REGIONS:  # as if the MPU had no attributes
            pieces = [(region, region.base, region.end, NORMAL) for region in self._board.regions]
        for number, (region, base, end, attributes) in enumerate(pieces):
            self._set_region(number, region, base, end, attributes)
        for number in range(len(pieces), self._described):
            self._hook.set_region(number, 0, 0, -1, -1, -1, free=True)
        self._described = len(pieces)

    def _pieces(self, region: Region) -> list[Piece]:
        entry = self._tuned.get(self._by_region[region.name])
        if entry is None or entry.accelerator.kind not in ATTRIBUTED or not self._attributes:
            return [(region, region.base, region.end, NORMAL)]
        pieces: list[Piece] = []
        for start, end, attributes in self._attributes:
            first, last = max(start, region.base), min(end, region.end)
            if first >= last:
                continue
            if pieces and pieces[-1][3] == attributes:
                pieces[-1] = (region, pieces[-1][1], last, attributes)
            else:
                pieces.append((region, first, last, attributes))
        return pieces

    def _set_region(
        self, number: int, region: Region, base: int, end: int, attributes: MemoryAttributes
    ) -> None:
        first_load = region.first_load_cycles if self._timed else 0
        entry = self._tuned.get(self._by_region[region.name])
        if entry is not None:
            instruction = entry.instruction if attributes.caches_code else -1
            data = entry.data if attributes.caches_data else -1
            self._hook.set_region(
                number, base, end, entry.port, instruction, data,
                free=False, first_load=first_load, stores=attributes.stores,
            )  # fmt: skip
            return
        wait_states = region.wait_states if self._timed else 0
        port = self._waiting.get(region.base, -1)
        if wait_states and port < 0:
            port = len(self._board.accelerators) + len(self._waiting)
            self._hook.set_port(port, wait_states, 2, 0)
            self._waiting[region.base] = port
        self._hook.set_region(number, base, end, port, -1, -1, free=port < 0, first_load=first_load)

    def follow_attributes(self, attributes: Sequence[tuple[int, int, MemoryAttributes]]) -> None:
        """The MPU has these attributes from now on: (first, end) of all addresses; nothing when it is off.

        Only the core's own caches and an ICACHE on its code bus see them.
        """
        if attributes != self._attributes:
            self._attributes = attributes
            self._set_regions()

    def _apply(self, tuned: _Tuned) -> None:
        self.on_change()
        v = tuned.values
        read_bytes = v["read_bytes"]
        line_bytes = max(v.get("line_bytes", read_bytes), read_bytes)
        divider = v.get("bus_divider", 1)  # core cycles in one of the memory's bus
        wait_states = (v["wait_states"] + 1) * divider - 1
        self._hook.set_port(tuned.port, wait_states, _log2(read_bytes), v.get("prefetch", 0))
        self._hook.set_bus(tuned.port, v.get("bus_cycles", 0) * divider, KINDS[tuned.accelerator.kind].rules)
        sides = (("instruction", tuned.instruction), ("data", tuned.data))
        for side, number in sides[: 1 if tuned.instruction == tuned.data else 2]:
            lines = v.get(f"{side}_lines", 0)
            ways = min(v.get(f"{side}_ways", lines), lines)
            enabled = int(bool(v.get(f"{side}_cache", 0) and lines))
            if lines:
                self._hook.set_cache(number, enabled, lines // ways, ways, _log2(line_bytes))

    # -- what the planner asks -------------------------------------------------------------
    def fetches_at(self, address: int) -> Fetches:
        """How instructions are read there."""
        region = self._board.region_at(address)
        if region is None:
            return Fetches()
        tuned = self._tuned.get(self._by_region[region.name])
        if tuned is None:
            return Fetches(WORD_SHIFT if region.base in self._waiting else None)
        rules = KINDS[tuned.accelerator.kind].rules
        ahead, runs_ahead = rules is Rules.STM32_LINE_BUFFERS, rules is Rules.LEVEL_ONE
        return Fetches(_log2(tuned.values["read_bytes"]), ahead, runs_ahead)

    def stretch_at(self, address: int) -> tuple[int, int] | None:
        """First and last address around one that :meth:`fetches_at` says the same of, in memory."""
        region = self._board.region_at(address)
        return None if region is None else (region.base, region.end - 1)

    # -- MemoryTuning ------------------------------------------------------------------------
    def configure(self, accelerator: str, **parameters: int) -> None:
        """Set parameters of an accelerator; what its kind does not have is in :meth:`without_effect`."""
        tuned = self._tuned.get(accelerator)
        if tuned is None:
            return
        own = accelerator_parameter_names(tuned.accelerator.kind)
        parameters = {name: value for name, value in parameters.items() if name in own}
        parameters = {name: value for name, value in parameters.items() if name not in tuned.pinned}
        if all(tuned.values.get(name) == value for name, value in parameters.items()):
            return
        tuned.values.update(parameters)
        self._apply(tuned)

    def without_effect(self, accelerator: str, **parameters: int) -> list[str]:
        """What of :meth:`configure`, switched on, changes nothing: the accelerator's kind has no such thing.

        Empty for an accelerator that the board does not have, and when memory is not timed.
        """
        tuned = self._tuned.get(accelerator)
        if tuned is None:
            return []
        own = accelerator_parameter_names(tuned.accelerator.kind)
        shared = tuned.instruction == tuned.data  # one cache has both names
        return [
            f"{name} of accelerators.{accelerator}, whose kind {tuned.accelerator.kind!r} has none"
            for name, value in parameters.items()
            if value and name not in own and not (shared and name.startswith("data_"))
        ]

    def pin(self, accelerator: str, **parameters: int) -> None:
        """Set parameters for good: what the firmware writes no longer changes them (a what-if).

        Before anything ran. A memory map that is not timed has no accelerators to pin.
        """
        tuned = self._tuned.get(accelerator)
        if tuned is not None:
            self.configure(accelerator, **parameters)
            tuned.pinned.update(parameters)

    def invalidate(self, accelerator: str, cache: str) -> None:
        """Empty the instruction or data cache of an accelerator."""
        tuned = self._tuned.get(accelerator)
        if tuned is not None:
            self._hook.invalidate(tuned.instruction if cache == "instruction" else tuned.data)

    def hits_and_misses(self, accelerator: str, cache: str) -> tuple[int, int]:
        """See :class:`emulator.device.MemoryTuning`."""
        return self.cache_counts().get(f"{accelerator}.{cache}", (0, 0))

    # -- the core's own caches -----------------------------------------------------------------
    def maintain_level_one(self, cache: str, operation: str, _address: int | None) -> None:
        """A cache operation of the core; see :class:`emulator.system.cache.CacheControl`."""
        if "invalidate" in operation:
            for name in self.level_one:
                self.invalidate(name, cache)

    def enable_level_one(self, cache: str, on: bool) -> None:
        """CCR.IC or CCR.DC was written."""
        for name in self.level_one:
            self.configure(name, **{f"{cache}_cache": int(on)})

    # -- reports and snapshots -----------------------------------------------------------------
    def values(self) -> dict[str, dict[str, int]]:
        """Current parameters of every accelerator."""
        return {name: dict(tuned.values) for name, tuned in self._tuned.items()}

    def save(self) -> dict[str, dict[str, int]]:
        """State for a snapshot."""
        return self.values()

    def load(self, values: dict[str, dict[str, int]]) -> None:
        """Put saved parameters back."""
        for name, saved in values.items():
            self._tuned[name].values = dict(saved)
            self._apply(self._tuned[name])

    def line_fills(self) -> dict[str, int]:
        """Lines that the caches of each accelerator have brought in: their misses."""
        fills: dict[str, int] = {}
        for name, (_hits, misses) in self.cache_counts().items():
            accelerator = name.partition(".")[0]
            fills[accelerator] = fills.get(accelerator, 0) + misses
        return fills

    def cache_counts(self) -> dict[str, tuple[int, int]]:
        """(hits, misses) of every cache that exists, by ``accelerator.side``."""
        return {
            f"{name}.{side}": self._hook.cache_counts(number)
            for name, tuned in self._tuned.items()
            for side, number in (("instruction", tuned.instruction), ("data", tuned.data))
            if tuned.values.get(f"{side}_lines", 0)
        }


def _log2(value: int) -> int:
    return value.bit_length() - 1
