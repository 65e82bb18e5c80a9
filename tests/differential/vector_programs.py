"""Random programs for Armv8.1-M: low-overhead loops, VPT blocks, Helium and the scalar additions."""

from __future__ import annotations

import re
from random import Random

from programs import CONDITIONS, Flavour, ProgramGenerator
from vector_templates import (
    COMPARE,
    CONSTANT,
    FLOAT,
    FLOAT_COMPARE,
    HALF_PRECISION,
    HALVES_AND_SINGLES,
    INTEGER,
    INTERLEAVED,
    LONG_SHIFT,
    MEMORY,
    MOVE,
    MULTIPLY_ACCUMULATE,
    PREPARED,
    SCALAR,
    SHIFT,
    SPECIAL,
    STATUS,
)

CHOICE = re.compile(r"\(([^()]*)\)")
NUMBER = re.compile(r"(#)\[(-?\d+),(\d+)(?:,(\d+))?\]|()<(\d+),(\d+)>")
REGISTER = re.compile(r"%([a-zA-Z])")
VECTORS, LOW = tuple(f"q{n}" for n in range(8)), tuple(f"r{n}" for n in range(8))
REGISTERS = {
    "q": VECTORS,
    "Q": VECTORS,
    "r": LOW,
    "R": LOW,
    "e": LOW[::2],
    "o": LOW[1::2],
    "s": tuple(f"s{n}" for n in range(32)),
    "c": CONDITIONS,
}
SIZES = (8, 16, 32, 64)
WORD_BITS = 32
MOST_TURNS_BITS = 4
HALVES_AND_SINGLES_SHARE, SPECIAL_SHARE = 0.05, 0.15
SHARE_OF_NEW = 0.7
"""How many instructions are of Armv8.1-M, where any may stand."""


class Expander:
    """Makes instructions of templates; see :mod:`vector_templates`."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def pick(self, templates: tuple[str, ...], suffix: str = "") -> str:
        """One of ``templates``, with the suffix of a VPT block."""
        return self.expand(self._random.choice(templates), suffix)

    def expand(self, template: str, suffix: str = "", given: tuple[str, ...] = ()) -> str:
        """One instruction; ``given``: the Q registers that the template calls ``%m`` and ``%M``."""
        text = template
        while CHOICE.search(text):
            text = CHOICE.sub(lambda found: self._random.choice(found[1].split("|")), text)
        named = set(given)

        def register(found: re.Match[str]) -> str:
            if found[1] in "mM":
                return given["mM".index(found[1])]
            names = REGISTERS[found[1]]
            chosen = self._random.choice([n for n in names if found[1] not in "QR" or n not in named])
            named.add(chosen)
            return chosen

        return REGISTER.sub(register, NUMBER.sub(self._number, text)).replace("{p}", suffix)

    def _number(self, found: re.Match[str]) -> str:
        if found[1]:
            return f"#{self._random.randrange(int(found[2]), int(found[3]) + 1, int(found[4] or 1))}"
        return str(self._random.randint(int(found[6]), int(found[7])))

    def prepared(self, suffix: str, *, partly: bool) -> tuple[list[str], str]:
        """What makes offsets small, which stands before a VPT block; the access by them.

        ``partly``: part of an element may be predicated, so no vector instruction can make it small.
        """
        before, access = self._random.choice([row for row in PREPARED if not (partly and "%m" in row[0])])
        given = tuple(self._random.sample(VECTORS, 2))
        return self.expand(before, given=given).splitlines(), self.expand(access, suffix, given)


class VectorProgramGenerator(ProgramGenerator):
    """Programs as :class:`ProgramGenerator` makes them, with Armv8.1-M in them.

    Outside a VPT block any of its instructions may stand where no IT block is. LR counts loops in the
    body of a program alone: subroutines return by it.
    """

    def __init__(
        self,
        flavour: Flavour,
        random: Random,
        scratch: tuple[int, ...] = (),
        scratch_bits: int = 32,
        *,
        interrupted: bool = False,
    ) -> None:
        super().__init__(flavour, random, scratch, scratch_bits, interrupted=interrupted)
        self._expander = Expander(random)
        self._loop_bits = 0
        self._short = False
        self._vectors = (INTEGER, INTEGER, MULTIPLY_ACCUMULATE, SHIFT, CONSTANT, COMPARE)
        if flavour.vector_float:
            self._vectors += (FLOAT, FLOAT, FLOAT_COMPARE)

    # -- shapes ------------------------------------------------------------------------------
    def _straight(self, depth: int) -> None:
        if depth < 2 and self._random.random() < 0.3:
            self._random.choice((self._counted_loop, self._tail_predicated_loop))()
        else:
            super()._straight(depth)

    def _skip(self, depth: int) -> None:
        self._short = True  # CBZ does not reach over VPT blocks
        super()._skip(depth)
        self._short = False

    def _body(self) -> None:
        for _ in range(self._random.randint(1, 6)):
            self._emit(*self._rebase(), *self._instruction(""))

    def _counted_loop(self) -> None:
        """DLS and WLS, whose count may be 0."""
        again, done, register = self._label(), self._label(), self._low()
        self._emit(f"ubfx {register}, {register}, #{self._random.randrange(28)}, #{MOST_TURNS_BITS}")
        if self._random.random() < 0.5:
            self._emit(f"wls lr, {register}, {done}", f"{again}:")
        else:
            self._emit(f"add {register}, {register}, #1", f"dls lr, {register}", f"{again}:")
        self._body()
        self._emit(f"le lr, {again}", f"{done}:")

    def _tail_predicated_loop(self) -> None:
        """Elements of 8 to 64 bits: their number is not a vector's; one time in four it is left early."""
        again, done, early, register = self._label(), self._label(), self._label(), self._low()
        leaves = self._random.random() < 0.25
        size = self._random.choice(SIZES)
        self._emit(f"ubfx {register}, {register}, #{self._random.randrange(24)}, #{MOST_TURNS_BITS + 2}")
        if self._random.random() < 0.5:
            self._emit(f"wlstp.{size} lr, {register}, {done}", f"{again}:")
        else:
            self._emit(f"add {register}, {register}, #1", f"dlstp.{size} lr, {register}", f"{again}:")
        self._loop_bits = size
        self._body()
        if leaves:
            self._emit(f"b{self._random.choice(CONDITIONS)} {early}")
            self._body()
        self._loop_bits = 0
        self._emit(f"letp lr, {again}")
        if leaves:
            self._emit(f"b {done}", f"{early}:", "lctp")
        self._emit(f"{done}:")

    # -- instructions ------------------------------------------------------------------------
    def _instruction(self, condition: str) -> list[str]:
        if condition or self._short or self._random.random() >= SHARE_OF_NEW:
            lines = super()._instruction(condition)
            # the assembler takes VCVT of condition NE for Helium's VCVTN
            return ["vabsne.f32 s0, s1"] if lines[0].startswith("vcvtne") else lines
        makers = (self._vector, self._vpt_block, self._memory, self._scalar)
        (make,) = self._random.choices(makers, (6, 5, 4, 3))
        return make()

    def _partly_predicated(self) -> bool:
        return 0 < self._loop_bits < WORD_BITS

    def _vector(self) -> list[str]:
        if self._flavour.vector_float and self._random.random() < HALVES_AND_SINGLES_SHARE:
            to, top, source = (self._random.randrange(n) for n in (8, 2, 8))
            opcode = self._random.choice(HALVES_AND_SINGLES) | to << 13 | top << 12 | source << 1
            return [f".inst.w {opcode:#x}"]
        if self._flavour.vector_float and self._random.random() < SPECIAL_SHARE:
            special = self._random.choice(SPECIAL)
            return self._expander.expand(special, given=(self._random.choice(VECTORS),)).splitlines()
        return [self._expander.pick(self._random.choice(self._vectors))]

    def _vpt_block(self) -> list[str]:
        """VPT or VPST with one to four instructions, one of which may access memory."""
        random, expander = self._random, self._expander
        suffixes = "t" + "".join(random.choice("te") for _ in range(random.randrange(4)))
        access = random.randrange(len(suffixes)) if random.random() < 0.6 else -1
        before: list[str] = []
        lines: list[str] = []
        for position, suffix in enumerate(suffixes):
            if position != access:
                lines.append(expander.pick(random.choice(self._vectors), suffix))
            elif position == 0 and random.random() < 0.5:
                before, line = expander.prepared(suffix, partly=self._partly_predicated())
                lines.append(line)
            else:
                lines.append(expander.pick(MEMORY, suffix))
        return [*before, self._vpt_head(suffixes), *lines]

    def _vpt_head(self, suffixes: str) -> str:
        if self._random.random() < 0.5:
            return f"vps{suffixes}"
        compare = COMPARE + (FLOAT_COMPARE if self._flavour.vector_float else ())
        return self._expander.pick(compare).replace("vcmp", f"vp{suffixes}", 1)

    def _memory(self) -> list[str]:
        form = self._random.randrange(5)
        if form == 0 and not self._loop_bits:
            return [self._expander.pick(INTERLEAVED)]
        if form <= 2:
            before, line = self._expander.prepared("", partly=self._partly_predicated())
            return [*before, line]
        return [self._expander.pick(MEMORY)]

    def _scalar(self) -> list[str]:
        groups = (SCALAR, LONG_SHIFT, MOVE)
        if self._flavour.vector_float:
            groups += (HALF_PRECISION,) if self._loop_bits else (HALF_PRECISION, STATUS)
        return self._expander.pick(self._random.choice(groups)).splitlines()
