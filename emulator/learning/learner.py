"""Runs a firmware, finds the registers at which it hangs, and learns what lets it go on.

Each finding starts the firmware again on a board that has it, so the proposal that comes out
is one that was tried from reset to the end.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from emulator.board.model import Board
from emulator.errors import GuestFault
from emulator.image.model import Image
from emulator.image.place import place_of
from emulator.learning.rules import Bit, LearnedDevice, Rule, learnable, learned_devices, with_rules
from emulator.learning.trials import Trials
from emulator.machine.awaited import awaited_register
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine
from emulator.thumb.decode import decode

MOST_RULES = 64
BLOCK_BYTES = 0x400
"""Registers that may belong together: an enable bit is looked for so near to what is awaited."""
MOST_LOOKS = 4
"""A place that was so often no endless loop is not looked at again."""
WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Learned:
    """What came out: the devices to add or change, the board with them, and what stayed unsolved.

    ``stopped``: learning was ended before it was through; what it had found by then is here.
    """

    devices: list[LearnedDevice]
    board: Board
    unsolved: list[str]
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    """How far learning goes, and whom it tells.

    ``until``, ``max_cycles``, ``run_limit_s`` (host's time) are of each run from reset. ``stopped()``
    is asked all the time; True ends the learning. ``found(text)`` hears of each bit and of each place
    that is given up, ``works(text, machine)`` often what is being done.
    """

    until: bytes | None = None
    max_cycles: int | None = None
    run_limit_s: float | None = None
    stopped: Callable[[], bool] = lambda: False
    found: Callable[[str], None] = lambda _text: None
    works: Callable[[str, Machine], None] = lambda _text, _machine: None


class _StoppedError(Exception):
    """Learning was ended from outside."""


@dataclass(frozen=True, slots=True)
class _Write:
    """One store: its register, and the bits of the register's word that it newly set."""

    register: int
    size_bytes: int
    new: int

    def touches(self, address: int, size_bytes: int) -> bool:
        """Whether it is of the same bytes as another access."""
        return self.register < address + size_bytes and address < self.register + self.size_bytes


@dataclass(slots=True)
class _Writes:
    """What the firmware has written, and which bits its last write to each word newly set.

    ``reset_of(address)``: what a word holds before the first write.
    """

    reset_of: Callable[[int], int]
    words: dict[int, int] = field(default_factory=dict)
    last: list[_Write] = field(default_factory=list)  # oldest first

    def note(self, address: int, size_bytes: int, value: int) -> None:
        """Follow one write."""
        shift = 8 * (address & 3)
        lanes = (1 << 8 * size_bytes) - 1 << shift & WORD
        word = address & ~3
        old = self.words[word] if word in self.words else self.reset_of(word)
        new = old & ~lanes | value << shift & lanes
        self.words[word] = new
        self.last.append(_Write(address, size_bytes, new & ~old))

    def near(self, address: int) -> list[_Write]:
        """Writes to the same block of registers, the latest first."""
        block = address // BLOCK_BYTES
        return [write for write in reversed(self.last) if write.register // BLOCK_BYTES == block]


def learn(
    build: Callable[[Board], Machine], board: Board, image: Image, lesson: Lesson | None = None
) -> Learned:
    """Run ``image`` on ``board`` and learn until it hangs nowhere any more.

    ``build`` makes a machine of a board. A crash ends the learning, no more: whoever runs the
    firmware on the learned board sees it.
    """
    lesson = lesson or Lesson()
    rules: list[Rule] = []
    given_up: dict[tuple[int, int], str] = {}
    touched: list[int] = []
    stopped = False
    for number in itertools.count(1):
        attempt = _Attempt(build(with_rules(board, rules)), board, given_up, lesson, number)
        attempt.machine.load(image)
        try:
            found = attempt.run() if len(rules) < MOST_RULES else []
        except _StoppedError:
            found, stopped = [], True
        touched = [entry.address for entry in attempt.machine.unmodelled]
        if not found:
            break
        for rule in found:
            lesson.found(rule.why)
        rules = _merged(rules, found, given_up)
    devices = learned_devices(board, rules, touched)
    return Learned(devices, with_rules(board, rules), list(given_up.values()), stopped)


def _merged(rules: list[Rule], found: list[Rule], given_up: dict[tuple[int, int], str]) -> list[Rule]:
    """Add what was found; a bit that hangs again although it follows another is always set.

    A bit that hangs in spite of that, or is wanted both ways, is given up at that place.
    """
    known = {rule.bit.in_word: rule for rule in rules}
    for rule in found:
        old = known.get(rule.bit.in_word)
        if old is None:
            known[rule.bit.in_word] = rule
        elif old.kind in ("follow", "reset") and rule.kind != "clear":
            known[rule.bit.in_word] = replace(rule, kind="set", enable=None)
        else:
            reason = f"{rule.why}, but the opposite was awaited before: {old.why}"
            given_up[rule.bit.register, rule.pc] = reason
    return list(known.values())


class _Attempt:
    """One run from reset, up to the first register that hangs it."""

    def __init__(
        self,
        machine: Machine,
        board: Board,
        given_up: dict[tuple[int, int], str],
        lesson: Lesson,
        number: int,
    ) -> None:
        self.machine = machine
        self.stop = StopReason.IDLE
        self._board = board
        self._given_up = given_up
        self._lesson = lesson
        self._work = f"run {number}"
        self._writes = _Writes(self._reset_of)
        self._no_loops: Counter[tuple[int, int]] = Counter()
        machine.bus.journal = self._writes.note

    def run(self) -> list[Rule]:
        """The rules that end the first loop; none when no loop is left."""
        machine, lesson = self.machine, self._lesson
        end_s = None if lesson.run_limit_s is None else time.monotonic() + lesson.run_limit_s
        machine.execution.between_slices = self._look
        while True:
            left = None if lesson.max_cycles is None else max(0, lesson.max_cycles - machine.counts.cycles)
            wall_limit = None if end_s is None else max(0.0, end_s - time.monotonic())
            try:
                self.stop = machine.run(lesson.until, max_cycles=left, wall_limit=wall_limit)
            except GuestFault:
                return []
            self._check()
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

    def _check(self) -> None:
        """Show that something is done; raise when it shall not be."""
        self._lesson.works(self._work, self.machine)
        if self._lesson.stopped():
            raise _StoppedError

    def _look(self) -> None:
        """Between two slices: stop where a register is read again and again that may be learned."""
        machine = self.machine
        self._lesson.works(self._work, machine)
        polled = machine.accesses.polled
        if self._lesson.stopped() or (polled and self._worth_trying(*polled)):
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
        size_bytes = self._load_bytes(pc)
        trials = Trials(self.machine, address, size_bytes, pc, self._check)
        if not trials.loops():
            self._no_loops[address, pc] += 1
            return []
        best = trials.best()
        if best is None:
            register = awaited_register(self.machine.bus, address, pc)
            reason = f"no value of a few bits ends the wait {register.words(self.machine.image)}"
            self._given_up[address, pc] = reason
            self._lesson.found(reason)
            return []
        return self._rules(address, size_bytes, pc, best.flips)

    def _load_bytes(self, pc: int) -> int:
        """How many bytes the loop's load reads: 1, 2 or 4."""
        load = decode(self.machine.read_memory(pc, 4), pc).memory
        return min(4, load.size_bytes) if load is not None else 4

    # -- from inverted bits to rules -----------------------------------------------------------
    def _rules(self, address: int, size_bytes: int, pc: int, flips: int) -> list[Rule]:
        machine = self.machine
        value = int.from_bytes(machine.core.read_memory(address & ~3, 4), "little")
        place = place_of(machine.image, pc)
        wanted = [bit for bit in range(32) if flips >> bit & 1]
        bits = {bit: Bit.of_word(address, size_bytes, bit) for bit in wanted}
        rules = [
            Rule(
                bits[n],
                "clear",
                pc,
                why=f"{self._words(bits[n])} is awaited to become 0{self._value(bits[n], 0)} at {place}",
            )
            for n in wanted
            if value >> n & 1
        ]
        return rules + self._raised([bits[n] for n in wanted if not value >> n & 1], pc, place)

    def _raised(self, bits: list[Bit], pc: int, place: str) -> list[Rule]:
        """Bits awaited to become 1: they follow what was just enabled, or are there from reset on."""
        if not bits:
            return []
        writes = self._writes.near(bits[0].register)
        why = [f"{self._words(bit)} is awaited to become 1{self._value(bit, 1)} at {place}" for bit in bits]
        if not writes:
            return [Rule(bit, "reset", pc, why=text) for bit, text in zip(bits, why, strict=True)]
        for write in writes:
            enables = _partners(bits, write)
            if enables:
                return [
                    Rule(bit, "follow", pc, enable, f"{text}, after {self._words(enable)} was set")
                    for bit, enable, text in zip(bits, enables, why, strict=True)
                ]
            if write.new:
                break
        return [Rule(bit, "set", pc, why=text) for bit, text in zip(bits, why, strict=True)]

    def _reset_of(self, address: int) -> int:
        """A word's reset value, as far as the board's register map tells."""
        word = self.machine.bus.register_map.word(address)
        return 0 if word is None else word.reset

    def _words(self, bit: Bit) -> str:
        """The bit in words, by its name too where the board's register map has one."""
        return f"{bit}{self.machine.bus.register_map.bit_words(bit.register, bit.in_word[1])}"

    def _value(self, bit: Bit, value: int) -> str:
        """What a value of the bit's field is called, if it is a field of one bit."""
        names = self.machine.bus.register_map
        fields = names.fields(bit.register, 1 << bit.in_word[1])
        called = names.value_name(bit.register, fields[0], value) if fields else ""
        return f" ({called})" if called else ""


def _partners(bits: list[Bit], write: _Write) -> list[Bit]:
    """The newly set bits that the awaited ones follow, one each; empty when that is not clear.

    Bits of the same bytes are compared by their places there, bits of two registers by their
    numbers in each.
    """
    enables = [Bit.of_word(write.register, write.size_bytes, n) for n in range(32) if write.new >> n & 1]
    if len(enables) == len(bits):
        return enables
    if len(bits) != 1 or not enables:
        return []
    awaited = bits[0]
    if write.touches(awaited.register, awaited.size_bytes):
        return [bit for bit in enables if bit.in_word < awaited.in_word][-1:]
    return [bit for bit in enables if bit.number == awaited.number]
