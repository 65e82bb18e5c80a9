"""Runs a firmware, finds the registers at which it hangs, and learns what lets it go on.

Each finding starts the firmware again on a board that has it, so the proposal that comes out
is one that was tried from reset to the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from emulator.board.model import Board
from emulator.errors import GuestFault
from emulator.image.model import Image
from emulator.image.place import place_of
from emulator.learning.rules import LearnedDevice, Rule, learnable, learned_devices, with_rules
from emulator.learning.trials import Trials
from emulator.machine.awaited import awaited_register
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine

MOST_RULES = 64
BLOCK_BYTES = 0x400
"""Registers that may belong together: an enable bit is looked for so near to what is awaited."""
MOST_LOOKS = 4
"""A place that was so often no endless loop is not looked at again."""
WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Learned:
    """What came out: the devices to add or change, the board with them, and what stayed unsolved."""

    devices: list[LearnedDevice]
    board: Board
    unsolved: list[str]


@dataclass(slots=True)
class _Writes:
    """What the firmware has written, and which bits its last write to each word newly set."""

    words: dict[int, int] = field(default_factory=dict)
    last: list[tuple[int, int]] = field(default_factory=list)  # (word address, bits newly set), oldest first

    def note(self, address: int, size_bytes: int, value: int) -> None:
        """Follow one write."""
        shift = 8 * (address & 3)
        lanes = (1 << 8 * size_bytes) - 1 << shift & WORD
        word = address & ~3
        old = self.words.get(word, 0)
        new = old & ~lanes | value << shift & lanes
        self.words[word] = new
        self.last.append((word, new & ~old))

    def near(self, word: int) -> list[tuple[int, int]]:
        """Writes to the same block of registers, the latest first."""
        block = word // BLOCK_BYTES
        return [(written, bits) for written, bits in reversed(self.last) if written // BLOCK_BYTES == block]


def learn(
    build: Callable[[Board], Machine],
    board: Board,
    image: Image,
    *,
    until: bytes | None = None,
    max_cycles: int | None = None,
    wall_limit: float | None = None,
) -> Learned:
    """Run ``image`` on ``board`` and learn until it hangs nowhere any more.

    ``build`` makes a machine of a board. The limits are those of one run from reset. A crash ends
    the learning, no more: whoever runs the firmware on the learned board sees it.
    """
    rules: list[Rule] = []
    given_up: dict[tuple[int, int], str] = {}
    while True:
        attempt = _Attempt(build(with_rules(board, rules)), board, given_up)
        attempt.machine.load(image)
        found = attempt.run(until, max_cycles, wall_limit) if len(rules) < MOST_RULES else None
        if not found:
            break
        rules = _merged(rules, found, given_up)
    touched = [entry.address for entry in attempt.machine.unmodelled]
    devices = learned_devices(board, rules, touched)
    return Learned(devices, with_rules(board, rules), list(given_up.values()))


def _merged(rules: list[Rule], found: list[Rule], given_up: dict[tuple[int, int], str]) -> list[Rule]:
    """Add what was found; a bit that hangs again although it follows another is always set.

    A bit that hangs in spite of that, or is wanted both ways, is given up at that place.
    """
    known = {(rule.address, rule.bit): rule for rule in rules}
    for rule in found:
        old = known.get((rule.address, rule.bit))
        if old is None:
            known[rule.address, rule.bit] = rule
        elif old.kind in ("follow", "reset") and rule.kind != "clear":
            known[rule.address, rule.bit] = replace(rule, kind="set", enable=None)
        else:
            given_up[rule.address, rule.pc] = f"{rule.why}, but the opposite was awaited before: {old.why}"
    return list(known.values())


class _Attempt:
    """One run from reset, up to the first register that hangs it."""

    def __init__(self, machine: Machine, board: Board, given_up: dict[tuple[int, int], str]) -> None:
        self.machine = machine
        self.stop = StopReason.IDLE
        self._board = board
        self._given_up = given_up
        self._writes = _Writes()
        self._no_loops: Counter[tuple[int, int]] = Counter()
        machine.bus.journal = self._writes.note

    def run(self, until: bytes | None, max_cycles: int | None, wall_limit: float | None) -> list[Rule]:
        """The rules that end the first loop; none when no loop is left."""
        machine = self.machine
        machine.execution.between_slices = self._look
        while True:
            try:
                self.stop = machine.run(until, max_cycles=max_cycles, wall_limit=wall_limit)
            except GuestFault:
                return []
            if self.stop is StopReason.INTERRUPTED:
                places = [machine.accesses.polled] if machine.accesses.polled else []
            elif self.stop is StopReason.IDLE:
                places = list(dict.fromkeys(machine.accesses.turn_reads))
            else:
                return []
            machine.execution.between_slices = lambda: None
            machine.bus.journal = None
            for address, pc in places:
                if rules := self._solve(address, pc):
                    return rules
            machine.bus.journal = self._writes.note
            machine.execution.between_slices = self._look
            if self.stop is StopReason.IDLE:
                return []

    def _look(self) -> None:
        """Between two slices: stop where a register is read again and again that may be learned."""
        machine = self.machine
        if machine.accesses.polled and self._worth_trying(*machine.accesses.polled):
            machine.interrupt()
        else:
            machine.accesses.polled = None

    def _worth_trying(self, address: int, pc: int) -> bool:
        return (
            (address, pc) not in self._given_up
            and self._no_loops[address, pc] < MOST_LOOKS
            and learnable(self._board, address)
        )

    def _solve(self, address: int, pc: int) -> list[Rule]:
        if not self._worth_trying(address, pc):
            return []
        trials = Trials(self.machine, address, pc)
        if not trials.loops():
            self._no_loops[address, pc] += 1
            return []
        best = trials.best()
        if best is None:
            register = awaited_register(self.machine.bus, address, pc)
            self._given_up[address, pc] = (
                f"no value of a few bits ends the wait {register.words(self.machine.image)}"
            )
            return []
        return self._rules(address & ~3, pc, best.flips)

    # -- from inverted bits to rules -----------------------------------------------------------
    def _rules(self, word: int, pc: int, flips: int) -> list[Rule]:
        machine = self.machine
        value = int.from_bytes(machine.core.read_memory(word, 4), "little")
        place = place_of(machine.image, pc)
        wanted = [bit for bit in range(32) if flips >> bit & 1]
        cleared = [bit for bit in wanted if value >> bit & 1]
        raised = [bit for bit in wanted if not value >> bit & 1]
        rules = [
            Rule(word, bit, "clear", pc, why=f"bit {bit} of 0x{word:08x} is awaited to become 0 at {place}")
            for bit in cleared
        ]
        return rules + self._raised(word, raised, pc, place)

    def _raised(self, word: int, bits: list[int], pc: int, place: str) -> list[Rule]:
        """Bits awaited to become 1: they follow what was just enabled, or are there from reset on."""
        writes = self._writes.near(word)
        why = [f"bit {bit} of 0x{word:08x} is awaited to become 1 at {place}" for bit in bits]
        if not writes:
            return [Rule(word, bit, "reset", pc, why=text) for bit, text in zip(bits, why, strict=True)]
        for written, new in writes:
            enables = _partners(bits, new, same_register=written == word)
            if enables:
                return [
                    Rule(
                        word,
                        bit,
                        "follow",
                        pc,
                        (written, enable),
                        f"{text}, after bit {enable} of 0x{written:08x} was set",
                    )
                    for bit, enable, text in zip(bits, enables, why, strict=True)
                ]
            if new:
                break
        return [Rule(word, bit, "set", pc, why=text) for bit, text in zip(bits, why, strict=True)]


def _partners(bits: list[int], new: int, *, same_register: bool) -> list[int]:
    """The newly set bits that the awaited ones follow, one each; empty when that is not clear."""
    enables = [bit for bit in range(32) if new >> bit & 1]
    if len(enables) == len(bits):
        return enables
    if len(bits) != 1 or not enables:
        return []
    if same_register:
        below = [bit for bit in enables if bit < bits[0]]
        return below[-1:]
    return bits if bits[0] in enables else []
