"""Random Thumb-2 programs, as assembly text, that any Cortex-M of one architecture runs alike.

Only what the architecture defines is generated: no UNPREDICTABLE encodings, no reads of
uninitialised state, no access outside the scratch buffer. The same seed gives the same text.

Registers during a program:

=======  =====================================================================
r0-r7    data, any value
r8       a small index, 0..255
r9       a word-aligned pointer into the buffer, set anew before each use
r10      the middle of the scratch buffer (never changes)
r11      base of the scratch device registers (never changes)
r12      loop counter
sp       a descending stack of its own
=======  =====================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

BUFFER_BYTES = 2048
"""Scratch memory of a program; r10 points at its middle."""

CONDITIONS = ("eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le")


def inverse(condition: str) -> str:
    """The condition that holds exactly when ``condition`` does not."""
    return CONDITIONS[CONDITIONS.index(condition) ^ 1]


@dataclass(frozen=True, slots=True)
class Flavour:
    """What a core's programs may use."""

    cpu: str  # the assembler's name
    fpu: str  # the assembler's name, "" for none
    dsp: bool = False
    fpv5: bool = False
    double: bool = False
    extensions: tuple[str, ...] = ()  # the assembler's names; ``cpu`` is then its name of an architecture
    vector: bool = False
    vector_float: bool = False

    def directives(self) -> str:
        """What an assembly file of this flavour begins with."""
        if self.extensions:
            named = [f".arch {self.cpu}", *(f".arch_extension {name}" for name in self.extensions)]
        else:
            named = [f".cpu {self.cpu}", *([f".fpu {self.fpu}"] if self.fpu else [])]
        return "\n".join((".syntax unified", ".thumb", *named, ""))


FLAVOURS = {
    "cortex-m3": Flavour("cortex-m3", ""),
    "cortex-m4": Flavour("cortex-m4", "fpv4-sp-d16", dsp=True),
    "cortex-m7": Flavour("cortex-m7", "fpv5-d16", dsp=True, fpv5=True, double=True),
    "cortex-m33": Flavour("cortex-m33", "fpv5-sp-d16", dsp=True, fpv5=True),
    "cortex-m55": Flavour(
        "armv8.1-m.main",
        "mve.fp",
        dsp=True,
        fpv5=True,
        double=True,
        extensions=("dsp", "fp.dp", "mve.fp"),
        vector=True,
        vector_float=True,
    ),
    "cortex-m55-integer": Flavour(
        "armv8.1-m.main",
        "mve.fp",
        dsp=True,
        extensions=("dsp", "fp.dp", "mve.fp"),
        vector=True,
    ),
}


class ProgramGenerator:
    """Writes one program after another; see :meth:`program`."""

    def __init__(
        self,
        flavour: Flavour,
        random: Random,
        scratch: tuple[int, ...] = (),
        scratch_bits: int = 32,
        *,
        interrupted: bool = False,
    ) -> None:
        """``scratch``: offsets from r11 of registers that keep the low ``scratch_bits`` written.

        ``interrupted``: handlers run between any two instructions, so no result may depend on where.
        """
        self._interrupted = interrupted
        self._flavour = flavour
        self._random = random
        self._scratch = scratch
        self._scratch_bits = scratch_bits
        self._lines: list[str] = []
        self._prefix = ""
        self._labels = 0
        self._subroutines = 0
        kinds: list[tuple[int, Callable[[str], list[str]]]] = [
            (8, self._arithmetic),
            (4, self._shift),
            (3, self._bit_field),
            (3, self._multiply),
            (2, self._divide),
            (2, self._saturate),
            (4, self._compare),
            (4, self._constant),
            (6, self._load),
            (6, self._store),
            (2, self._load_multiple),
            (2, self._store_multiple),
            (1, self._push_pop),
            (1, self._exclusive),
            (1, self._status),
        ]
        if flavour.dsp:
            kinds += [(6, self._dsp), (4, self._dsp_multiply)]
        if flavour.fpu:
            kinds += [(6, self._fp_arithmetic), (3, self._fp_memory), (3, self._fp_move)]
        if flavour.double:
            kinds += [(3, self._fp_double)]
        if scratch:
            kinds += [(3, self._device)]
        self._weights = [weight for weight, _ in kinds]
        self._kinds = [make for _, make in kinds]

    # -- the shape of a program ------------------------------------------------------------
    def program(self, label: str, statements: int = 24) -> str:
        """Assembly text of one function ``label`` that keeps to the table above and returns."""
        random = self._random
        self._lines = []
        self._prefix = f".L{label}_"
        self._labels = 0
        self._subroutines = random.randint(1, 2)
        self._emit(f".global {label}", f".type {label}, %function", f"{label}:", "push {r12, lr}")
        self._statements(statements, depth=0)
        self._emit("pop {r12, pc}")
        for number in range(self._subroutines):
            self._emit(f"{self._prefix}sub{number}:")
            self._subroutine()
        self._emit(".align 2", ".ltorg")
        return "\n".join(self._lines) + "\n"

    def _emit(self, *lines: str) -> None:
        self._lines.extend(lines)

    def _label(self) -> str:
        self._labels += 1
        return f"{self._prefix}{self._labels}"

    def _statements(self, count: int, depth: int) -> None:
        shapes = [self._straight, self._it_block, self._skip, self._call, self._loop, self._table_branch]
        weights = [10, 10, 3, 2 if depth < 2 else 0, 1 if depth == 0 else 0, 1]
        for _ in range(count):
            (shape,) = self._random.choices(shapes, weights)
            shape(depth)

    def _straight(self, depth: int) -> None:
        for _ in range(self._random.randint(1, 4)):
            self._emit(*self._rebase(), *self._instruction(""))

    def _instruction(self, condition: str) -> list[str]:
        (make,) = self._random.choices(self._kinds, self._weights)
        return make(condition)

    def _rebase(self) -> list[str]:
        """Put r9 (word aligned) and sometimes r8 to places from which any access is in range."""
        lines = [f"{self._random.choice(('add', 'sub'))} r9, r10, #{self._random.randrange(0, 256, 4)}"]
        if self._random.random() < 0.3:
            lines.append(f"ubfx r8, {self._low()}, #{self._random.randrange(24)}, #8")
        return lines

    def _it_block(self, depth: int) -> None:
        random = self._random
        first = random.choice(CONDITIONS)
        budget = random.randint(1, 4)
        body: list[str] = []
        pattern = ""
        while len(pattern) < budget:
            condition = random.choice((first, first, inverse(first))) if pattern else first
            lines = self._instruction(condition)
            if len(pattern) + len(lines) > 4:
                break
            body += lines
            pattern += ("t" if condition == first else "e") * len(lines)
        if not pattern:
            body, pattern = [f"add{first} r0, r0, #1"], "t"
        tail: list[str] = []
        if len(pattern) < 4 and random.random() < 0.2:
            condition = random.choice((first, inverse(first)))
            pattern += "t" if condition == first else "e"
            target = self._label()
            body.append(f"b{condition} {target}")
            tail = [*self._rebase(), *self._instruction(""), f"{target}:"]
        self._emit(*self._rebase(), f"i{'t' + pattern[1:]} {first}", *body, *tail)

    def _skip(self, depth: int) -> None:
        random = self._random
        target = self._label()
        if random.random() < 0.3:
            self._emit(f"{random.choice(('cbz', 'cbnz'))} {self._low()}, {target}")
        else:
            self._emit(f"b{random.choice(CONDITIONS)} {target}")
        for _ in range(random.randint(1, 3)):
            self._emit(*self._rebase(), *self._instruction(""))
        self._emit(f"{target}:")

    def _call(self, depth: int) -> None:
        target = f"{self._prefix}sub{self._random.randrange(self._subroutines)}"
        if self._random.random() < 0.5:
            self._emit(f"bl {target}")
        else:
            register = self._low()
            self._emit(f"adr.w {register}, {target}", f"orr {register}, {register}, #1", f"blx {register}")
            self._emit(f"movs {register}, #{self._random.randrange(256)}")  # not an address: layouts differ

    def _loop(self, depth: int) -> None:
        again = self._label()
        self._emit(f"mov.w r12, #{self._random.randint(2, 5)}", f"{again}:")
        self._statements(self._random.randint(1, 4), depth=1)
        self._emit("subs.w r12, r12, #1", f"bne.w {again}")

    def _table_branch(self, depth: int) -> None:
        random = self._random
        cases = random.randint(2, 4)
        labels = [self._label() for _ in range(cases)]
        table, done, index = self._label(), self._label(), self._low()
        half = random.random() < 0.5
        self._emit(f"and {index}, {index}, #{1 if cases < 4 else 3}")
        self._emit(f"tbh [pc, {index}, lsl #1]" if half else f"tbb [pc, {index}]", f"{table}:")
        self._emit(*(f".{'2' if half else ''}byte ({label} - {table}) / 2" for label in labels), ".align 1")
        for label in labels:
            self._emit(f"{label}:", *self._rebase(), *self._instruction(""), f"b.w {done}")
        self._emit(f"{done}:")

    def _subroutine(self) -> None:
        """A leaf, with one of the ways to return."""
        random = self._random
        way = random.randrange(3)
        if way == 0:
            self._emit("push {r4, lr}")
        self._straight(2)
        self._it_block(2)
        if way == 0:
            self._emit("pop {r4, pc}")
        elif way == 1:
            self._emit("bx lr")
        else:
            condition = random.choice(CONDITIONS)
            self._emit(f"it {condition}", f"bx{condition} lr", *self._arithmetic(""), "bx lr")

    # -- operands ----------------------------------------------------------------------------
    def _low(self) -> str:
        return f"r{self._random.randrange(8)}"

    def _distinct(self, count: int) -> list[str]:
        return [f"r{n}" for n in self._random.sample(range(8), count)]

    def _s(self, condition: str, name: str) -> str:
        """``name``, flag-setting half of the time, with its condition."""
        return f"{name}{self._random.choice(('', 's'))}{condition}"

    def _modified_immediate(self) -> int:
        random = self._random
        byte = random.randrange(256)
        form = random.randrange(5)
        if form == 4:
            return (byte | 0x80) << random.randint(1, 24)
        return (byte, byte | byte << 16, (byte << 8) | (byte << 24), byte * 0x01010101)[form]

    # -- one instruction each ------------------------------------------------------------------
    def _arithmetic(self, c: str) -> list[str]:
        random = self._random
        name = random.choice(("add", "adc", "sub", "sbc", "rsb", "and", "orr", "eor", "bic", "orn"))
        target, left, right = self._low(), self._low(), self._low()
        form = random.randrange(4)
        if form == 0 and name in ("add", "sub"):
            return [f"{self._s(c, name)} {target}, {left}, #{random.randrange(8)}"]
        if form == 1:
            return [f"{self._s(c, name)} {target}, {left}, #{self._modified_immediate()}"]
        if form == 2:
            return [f"{self._s(c, name)} {target}, {left}, {right}, {self._shifted()}"]
        return [f"{self._s(c, name)} {target}, {left}, {right}"]

    def _shifted(self) -> str:
        kind = self._random.choice(("lsl", "lsr", "asr", "ror", "rrx"))
        return "rrx" if kind == "rrx" else f"{kind} #{self._random.randint(1, 31)}"

    def _shift(self, c: str) -> list[str]:
        random = self._random
        name = random.choice(("lsl", "lsr", "asr", "ror"))
        if random.random() < 0.5:
            return [f"{self._s(c, name)} {self._low()}, {self._low()}, #{random.randint(1, 31)}"]
        register = self._low()
        return [f"{self._s(c, name)} {register}, {register}, {self._low()}"]

    def _bit_field(self, c: str) -> list[str]:
        random = self._random
        name = random.choice(
            (
                "ubfx",
                "sbfx",
                "bfi",
                "bfc",
                "clz",
                "rbit",
                "rev",
                "rev16",
                "revsh",
                "uxtb",
                "sxth",
                "uxth",
                "sxtb",
            )
        )
        low = random.randrange(32)
        width = random.randint(1, 32 - low)
        if name == "bfc":
            return [f"bfc{c} {self._low()}, #{low}, #{width}"]
        if name in ("ubfx", "sbfx", "bfi"):
            return [f"{name}{c} {self._low()}, {self._low()}, #{low}, #{width}"]
        rotation = f", ror #{random.choice((8, 16, 24))}" if "xt" in name and random.random() < 0.5 else ""
        return [f"{name}{c} {self._low()}, {self._low()}{rotation}"]

    def _multiply(self, c: str) -> list[str]:
        name = self._random.choice(("mul", "mla", "mls", "smull", "umull", "smlal", "umlal"))
        if name == "mul":
            return [f"mul{c} {self._low()}, {self._low()}, {self._low()}"]
        if name in ("mla", "mls"):
            return [f"{name}{c} {self._low()}, {self._low()}, {self._low()}, {self._low()}"]
        low, high = self._distinct(2)
        return [f"{name}{c} {low}, {high}, {self._low()}, {self._low()}"]

    def _divide(self, c: str) -> list[str]:
        return [f"{self._random.choice(('sdiv', 'udiv'))}{c} {self._low()}, {self._low()}, {self._low()}"]

    def _saturate(self, c: str) -> list[str]:
        random = self._random
        shift = random.choice(("", f", lsl #{random.randint(1, 31)}", f", asr #{random.randint(1, 31)}"))
        name, low = random.choice((("ssat", 1), ("usat", 0)))
        return [f"{name}{c} {self._low()}, #{random.randint(low, 31)}, {self._low()}{shift}"]

    def _compare(self, c: str) -> list[str]:
        random = self._random
        name = random.choice(("cmp", "cmn", "tst", "teq"))
        if random.random() < 0.5:
            return [f"{name}{c} {self._low()}, #{self._modified_immediate()}"]
        return [f"{name}{c} {self._low()}, {self._low()}"]

    def _constant(self, c: str) -> list[str]:
        random = self._random
        name = random.choice(("mov", "mvn", "movw", "movt", "mov16"))
        if name in ("movw", "movt"):
            return [f"{name}{c} {self._low()}, #{random.randrange(1 << 16)}"]
        if name == "mov16":
            return [f"mov{c} {self._low()}, {self._low()}"]
        return [f"{name}{c} {self._low()}, #{self._modified_immediate()}"]

    def _address(self, aligned: bool, writeback: bool = True) -> str:
        """An operand that stays within the buffer for an access of up to 8 bytes."""
        random = self._random
        step = 4 if aligned else 1
        near = random.randrange(0, 128, step)
        form = random.randrange(6 if writeback else 3)
        if form == 0:
            return f"[r10, #{random.randrange(0, 1016, step)}]"
        if form == 1:
            return f"[r9, #-{random.randrange(0, 252, step)}]"
        if form == 2 and not aligned:
            return f"[r10, r8, lsl #{random.randrange(2)}]"
        if form == 3:
            return f"[r9, #{random.choice(('', '-'))}{near & ~3 or 4}]!"
        if form == 4:
            return f"[r9], #{random.choice(('', '-'))}{near & ~3 or 4}"
        return f"[r9, #{near}]"

    def _load(self, c: str) -> list[str]:
        random = self._random
        name = random.choice(("ldr", "ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "ldrd", "literal"))
        if name == "ldrd":
            first, second = self._distinct(2)
            return [f"ldrd{c} {first}, {second}, {self._double_address()}"]
        if name == "literal":
            return [f"ldr{c} {self._low()}, ={random.getrandbits(32) | 0x01010001:#x}"]
        # unaligned words and half-words are ordinary accesses; aligned ones are more usual
        aligned = random.random() < 0.7
        return [f"{name}{c} {self._low()}, {self._address(aligned)}"]

    def _store(self, c: str) -> list[str]:
        random = self._random
        name = random.choice(("str", "str", "strb", "strh", "strd"))
        if name == "strd":
            return [f"strd{c} {self._low()}, {self._low()}, {self._double_address()}"]
        return [f"{name}{c} {self._low()}, {self._address(random.random() < 0.7)}"]

    def _double_address(self) -> str:
        random = self._random
        sign = random.choice(("", "-"))
        offset = random.randrange(4, 128, 4)
        return random.choice(
            (f"[r9, #{sign}{offset}]", f"[r9, #{sign}{offset}]!", f"[r9], #{sign}{offset}", "[r10, #64]")
        )

    def _registers(self, fewest: int = 2) -> str:
        chosen = sorted(self._random.sample(range(8), self._random.randint(fewest, 6)))
        return "{" + ", ".join(f"r{n}" for n in chosen) + "}"

    def _load_multiple(self, c: str) -> list[str]:
        name = self._random.choice(("ldmia", "ldmdb"))
        return [f"{name}{c} r9{self._random.choice(('', '!'))}, {self._registers()}"]

    def _store_multiple(self, c: str) -> list[str]:
        name = self._random.choice(("stmia", "stmdb"))
        return [f"{name}{c} r9{self._random.choice(('', '!'))}, {self._registers()}"]

    def _push_pop(self, c: str) -> list[str]:
        count = self._random.randint(1, 5)
        pushed, popped = (
            sorted(self._random.sample(range(8), count)),
            sorted(self._random.sample(range(8), count)),
        )
        return [
            f"push{c} {{" + ", ".join(f"r{n}" for n in pushed) + "}",
            f"pop{c} {{" + ", ".join(f"r{n}" for n in popped) + "}",
        ]

    def _exclusive(self, c: str) -> list[str]:
        value, status, new = self._distinct(3)
        offset = self._random.randrange(0, 64, 4)
        pair = [f"ldrex{c} {value}, [r10, #{offset}]", f"strex{c} {status}, {new}, [r10, #{offset}]"]
        if not self._interrupted:
            return pair
        return [f"nop{c}"] if c else ["cpsid i", *pair, "cpsie i"]  # an exception between makes it fail

    def _status(self, c: str) -> list[str]:
        register = self._low()
        name = "apsr_nzcvqg" if self._flavour.dsp else "apsr_nzcvq"
        if c or self._random.random() < 0.5:
            return [f"mrs{c} {register}, apsr"]
        return [f"msr {name}, {register}"]

    # -- DSP -----------------------------------------------------------------------------------
    def _dsp(self, c: str) -> list[str]:
        random = self._random
        form = random.randrange(6)
        registers = f"{self._low()}, {self._low()}, {self._low()}"
        if form <= 1:
            prefix = random.choice(("s", "u", "q", "uq", "sh", "uh"))
            return [
                f"{prefix}{random.choice(('add8', 'sub8', 'add16', 'sub16', 'asx', 'sax'))}{c} {registers}"
            ]
        if form == 2:
            return [f"{random.choice(('qadd', 'qsub', 'qdadd', 'qdsub', 'sel', 'usad8'))}{c} {registers}"]
        if form == 3:
            rotation = random.choice(("", ", ror #8", ", ror #16", ", ror #24"))
            if random.random() < 0.5:
                name = random.choice(("sxtab", "sxtah", "sxtab16", "uxtab", "uxtah", "uxtab16"))
                return [f"{name}{c} {registers}{rotation}"]
            return [f"{random.choice(('sxtb16', 'uxtb16'))}{c} {self._low()}, {self._low()}{rotation}"]
        if form == 4:
            if random.random() < 0.5:
                return [f"pkhbt{c} {registers}, lsl #{random.randint(1, 31)}"]
            return [f"pkhtb{c} {registers}, asr #{random.randint(1, 31)}"]
        name, low = random.choice((("ssat16", 1), ("usat16", 0)))
        return [f"{name}{c} {self._low()}, #{random.randint(low, 15)}, {self._low()}"]

    def _dsp_multiply(self, c: str) -> list[str]:
        random = self._random
        halves = random.choice(("bb", "bt", "tb", "tt"))
        three = f"{self._low()}, {self._low()}, {self._low()}"
        four = f"{three}, {self._low()}"
        low, high = self._distinct(2)
        long = f"{low}, {high}, {self._low()}, {self._low()}"
        half = random.choice("bt")
        return [
            random.choice(
                (
                    f"{random.choice(('smuad', 'smuadx', 'smusd', 'smusdx'))}{c} {three}",
                    f"{random.choice(('smlad', 'smladx', 'smlsd', 'smlsdx', 'usada8'))}{c} {four}",
                    f"{random.choice(('smlald', 'smlaldx', 'smlsld', 'smlsldx', 'umaal'))}{c} {long}",
                    f"{random.choice(('smmul', 'smmulr'))}{c} {three}",
                    f"{random.choice(('smmla', 'smmlar', 'smmls', 'smmlsr'))}{c} {four}",
                    f"smul{halves}{c} {three}",
                    f"smla{halves}{c} {four}",
                    f"smlal{halves}{c} {long}",
                    f"smulw{half}{c} {three}",
                    f"smlaw{half}{c} {four}",
                )
            )
        ]

    # -- floating point -----------------------------------------------------------------------
    def _single(self) -> str:
        return f"s{self._random.randrange(32)}"

    def _fp_arithmetic(self, c: str) -> list[str]:
        random = self._random
        form = random.randrange(5)
        if form <= 1:
            name = random.choice(
                (
                    "vadd",
                    "vsub",
                    "vmul",
                    "vnmul",
                    "vmla",
                    "vmls",
                    "vnmla",
                    "vnmls",
                    "vfma",
                    "vfms",
                    "vfnma",
                    "vfnms",
                )
            )
            return [f"{name}{c}.f32 {self._single()}, {self._single()}, {self._single()}"]
        if form == 2:
            name = random.choice(("vdiv", "vsqrt", "vabs", "vneg"))
            last = f", {self._single()}" if name == "vdiv" else ""
            return [f"{name}{c}.f32 {self._single()}, {self._single()}{last}"]
        if form == 3:
            kinds = random.choice(("s32.f32", "u32.f32", "f32.s32", "f32.u32", "r.s32.f32", "r.u32.f32"))
            round_by_mode, types = ("r", kinds[2:]) if kinds.startswith("r.") else ("", kinds)
            return [f"vcvt{round_by_mode}{c}.{types} {self._single()}, {self._single()}"]
        if self._flavour.fpv5 and not c:
            return [self._fpv5()]
        operand = random.choice((self._single(), "#0.0"))
        return [
            f"{random.choice(('vcmp', 'vcmpe'))}{c}.f32 {self._single()}, {operand}",
            f"vmrs{c} APSR_nzcv, fpscr",
        ]

    def _fpv5(self) -> str:
        random = self._random
        two = f"{self._single()}, {self._single()}"
        return random.choice(
            (
                f"vsel{random.choice(('eq', 'ge', 'gt', 'vs'))}.f32 {two}, {self._single()}",
                f"{random.choice(('vmaxnm', 'vminnm'))}.f32 {two}, {self._single()}",
                f"vrint{random.choice('anpmzrx')}.f32 {two}",
                f"vcvt{random.choice('anpm')}.{random.choice('su')}32.f32 {two}",
            )
        )

    def _fp_double(self, c: str) -> list[str]:
        random = self._random
        d = [f"d{random.randrange(16)}" for _ in range(3)]
        name = random.choice(("vadd", "vsub", "vmul", "vfma", "vmla", "vdiv", "vsqrt", "cvt", "cmp"))
        if name == "cvt":
            return [
                random.choice(
                    (
                        f"vcvt{c}.f64.f32 {d[0]}, {self._single()}",
                        f"vcvt{c}.f32.f64 {self._single()}, {d[0]}",
                        f"vcvt{c}.s32.f64 {self._single()}, {d[0]}",
                        f"vcvt{c}.f64.u32 {d[0]}, {self._single()}",
                    )
                )
            ]
        if name == "cmp":
            return [f"vcmp{c}.f64 {d[0]}, {d[1]}", f"vmrs{c} APSR_nzcv, fpscr"]
        if name == "vsqrt":
            return [f"vsqrt{c}.f64 {d[0]}, {d[1]}"]
        return [f"{name}{c}.f64 {d[0]}, {d[1]}, {d[2]}"]

    def _fp_memory(self, c: str) -> list[str]:
        random = self._random
        form = random.randrange(4)
        if form == 0:
            return [f"vldr{c} {self._single()}, [r9, #{random.randrange(-128, 128, 4)}]"]
        if form == 1:
            return [f"vstr{c} {self._single()}, [r9, #{random.randrange(-128, 128, 4)}]"]
        first = random.randrange(24)
        registers = f"{{s{first}-s{first + random.randint(1, 7)}}}"
        if form == 2:
            name = random.choice(("vldmia", "vstmia", "vldmdb", "vstmdb"))
            return [f"{name}{c} r9{'!' if name.endswith('db') else random.choice(('', '!'))}, {registers}"]
        return [f"vpush{c} {registers}", f"vpop{c} {registers}"]

    def _fp_move(self, c: str) -> list[str]:
        random = self._random
        first, second = self._distinct(2)
        single = random.randrange(31)
        return [
            random.choice(
                (
                    f"vmov{c} {self._low()}, {self._single()}",
                    f"vmov{c} {self._single()}, {self._low()}",
                    f"vmov{c} {first}, {second}, d{random.randrange(16)}",
                    f"vmov{c} d{random.randrange(16)}, {first}, {second}",
                    f"vmov{c} {first}, {second}, s{single}, s{single + 1}",
                    f"vmov{c}.f32 {self._single()}, #{random.choice(('1.0', '-0.5', '31.0', '0.125'))}",
                    f"vmov{c}.f32 {self._single()}, {self._single()}",
                    f"vmrs{c} {self._low()}, fpscr",
                )
            )
        ]

    # -- device registers ------------------------------------------------------------------------
    def _device(self, c: str) -> list[str]:
        address = f"[r11, #{self._random.choice(self._scratch)}]"
        register = self._low()
        if self._random.random() < 0.5:
            return [f"ldr{c} {register}, {address}"]
        return [f"ubfx{c} {register}, {register}, #0, #{self._scratch_bits}", f"str{c} {register}, {address}"]
