"""The prefetch unit of Cortex-M3 and Cortex-M4: three words, filled one word a cycle.

Arm ka8521: the unit holds three words and reads the next aligned word whenever there is
room; decoding takes what it needs from them. A fetch is an address phase, a data phase,
and the word can be decoded in the cycle after. An instruction is decoded in the cycle
before it issues, and gives its words back then: the unit can use that room in the same
cycle, unless a data transfer leaves open whether the decoder will move on. So straight
code of 32-bit instructions never waits, wherever it lies; but a data access lets the queue
fill and stop, and when the instructions behind lie across word boundaries the restart
shows: one cycle behind a load, two behind a store or a multiple transfer, whose last data
phase also holds back the words of an instruction that lies across two. The instruction that
waits for such a held-back word takes it as it arrives: its room is there a cycle later.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.thumb.instruction import Instruction
from emulator.timing.cores.classes import is_multiple
from emulator.timing.cores.table import Rule

KA8521 = "Arm ka8521: three words, one aligned word a fetch, whenever there is room"
FITTED = (
    "Pornin's curve9767 on STM32F407: five functions, 0.8 to 1.8 % low; code without data accesses in "
    "such places (jnk0le's AES, GLS254) does not wait and is exact. No benchmark image was used"
)
RULES = {
    "words": Rule(3, "trm", KA8521),
    "fetch": Rule(2, "trm", "AHB-Lite: address and data phase; AES traces on STM32F103 and STM32F407"),
    "uncertain": Rule(1, "fitted", FITTED),
    "held": Rule(1, "fitted", f"{FITTED}; single loads do not: AES key schedule for decryption"),
}
"""``words`` is a number of words, the others are cycles: from a fetch until its word can be
decoded; for how long a data access makes room to come uncertain; for how long after that
a store or a multiple transfer lets nothing be fetched behind an instruction across words (whoever
waits longer than that gives its room back a cycle late)."""
CAPACITY_WORDS, FETCH_CYCLES, UNCERTAIN_CYCLES, HELD_CYCLES = (rule.cycles for rule in RULES.values())


class Queue(NamedTuple):
    """The unit between two blocks; times count from the cycle before the block's end."""

    arrivals: tuple[int, ...] = (0, 1)  # of each word held or on its way: as after a refill
    uncertain: tuple[int, ...] = ()  # cycles in which room to come must not be counted on
    held: tuple[int, ...] = ()  # cycles without a fetch behind an instruction across words


REFILLED = Queue()


class FetchQueue:
    """The unit at work on one block; times count from the block's start."""

    def __init__(self, address: int, state: Queue) -> None:
        self._head = address >> 2
        self._clock = -1
        self._arrivals = [t - 1 for t in state.arrivals]
        self._uncertain = {t - 1 for t in state.uncertain}
        self._held = {t - 1 for t in state.held}

    def take(self, instruction: Instruction, earliest: int) -> int:
        """Cycle, not before ``earliest``, at which ``instruction`` can issue; its words are given back."""
        needed = (instruction.end - 1 >> 2) - self._head
        given_back = (instruction.end >> 2) - self._head
        while True:
            start = None
            if len(self._arrivals) > needed:
                start = max(earliest, self._arrivals[needed] + 1)
            decoded = start is not None and start - 1 <= self._clock
            across = decoded and instruction.is_wide and bool(instruction.address & 2)
            in_time = start is not None and start <= earliest + HELD_CYCLES
            self._cycle(given_back if decoded and in_time else 0, across=across)
            if start is not None and decoded:
                del self._arrivals[:given_back]
                self._head += given_back
                return start

    def access(self, instruction: Instruction, issued: int) -> None:
        """Note the data transfers of an instruction that issued at ``issued``."""
        memory = instruction.memory
        if memory is None:
            return
        multiple = is_multiple(instruction)
        single_store = memory.is_store and not multiple
        uncertain = issued if single_store else issued + memory.count
        held = uncertain + UNCERTAIN_CYCLES
        self._uncertain.update(range(uncertain, held))
        if multiple or memory.is_store:
            self._held.update(range(held, held + HELD_CYCLES))

    def refill(self, time: int) -> Queue:
        """Leave the line: the target's first word can be decoded in the cycle before ``time``."""
        self._arrivals = [time - 1]
        self._clock = time - FETCH_CYCLES
        return self.state(time, 0)

    def state(self, time: int, address: int) -> Queue:
        """The unit when the block ends at ``time``, before the one at ``address`` is decoded."""
        while self._clock < time - 1:
            self._cycle()
        del self._arrivals[: max(0, (address >> 2) - self._head)]  # behind a folded IT
        base = time - 1
        return Queue(
            tuple(max(0, t - base) for t in self._arrivals),
            tuple(sorted(t - base for t in self._uncertain if t >= base)),
            tuple(sorted(t - base for t in self._held if t >= base)),
        )

    def _cycle(self, given_back: int = 0, *, across: bool = False) -> None:
        """Start a fetch in this cycle if there is room, and go on to the next."""
        held = len(self._arrivals) - (0 if self._clock in self._uncertain else given_back)
        if held < CAPACITY_WORDS and not (across and self._clock in self._held):
            self._arrivals.append(self._clock + FETCH_CYCLES)
        self._clock += 1
