"""Short programs that ask one instruction of floating point at a time, or about contexts."""

from __future__ import annotations

from random import Random

from programs import Flavour
from vector_programs import VECTORS, Expander
from vector_templates import FLOAT, FLOAT_COMPARE, HALF_PRECISION, SPECIAL, STATUS

PROBED = (*FLOAT, *FLOAT_COMPARE, *HALF_PRECISION)
SPECIAL_SHARE, MASKED_SHARE = 0.5, 0.5
"""Of the vectors that hold infinities, NaNs or denormal numbers; of the programs with a predicate."""


class FloatProbes:
    """Writes one program after another; implements ``Generator`` of :mod:`batches`.

    Half of the vectors get a value out of SPECIAL, FPSCR any mode; each template of floating point has its
    turn, in a VPT block where it may stand in one.
    """

    def __init__(
        self, flavour: Flavour, random: Random, *_scratch: object, interrupted: bool = False
    ) -> None:
        assert flavour.vector_float and not interrupted
        self._random = random
        self._expander = Expander(random)
        self._turn = random.randrange(len(PROBED))

    def program(self, label: str, _statements: int, /) -> str:
        """Assembly text of one function ``label``."""
        expand, random = self._expander.expand, self._random
        lines = [
            expand(random.choice(SPECIAL), given=(vector,))
            for vector in VECTORS
            if random.random() < SPECIAL_SHARE
        ]
        self._turn += 1
        probed = PROBED[self._turn % len(PROBED)]
        if "{p}" in probed and random.random() < MASKED_SHARE:
            lines += ["vmsr p0, r1", expand(STATUS[0]), "vpst", expand(probed, "t")]
        else:
            lines += [expand(STATUS[0]), expand(probed)]
        return "\n".join(
            (f".type {label}, %function", f"{label}:", "push {r4-r11, lr}", *lines, "pop {r4-r11, pc}", "")
        )


CONTEXTS = (
    "vstr fpcxtns, [r9, #4]",
    "vldr fpcxtns, [r9, #4]",
    "vstr fpcxts, [r9, #8]\nvadd.i8 q0, q1, q2\nvldr fpcxts, [r9, #8]",
    "vmrs r4, fpcxtns",
    "vmsr fpcxtns, r4",
    "vadd.f32 s0, s1, s2",
    "vadd.i8 q0, q1, q2",
    "vmul.f32 q1, q1, q1",
    "vmsr p0, r1",
    ".inst.w 0xedc9af86",  # vstr p0, [r9, #24], which binutils 2.40 does not assemble
    ".inst.w 0xedd9af87",  # vldr p0, [r9, #28]
    ".inst.w 0xed498f81",  # vstr vpr, [r9, #-4]
    ".inst.w 0xed894f83",  # vstr fpscr_nzcvqc, [r9, #12]
    ".inst.w 0xed994f84",  # vldr fpscr_nzcvqc, [r9, #16]
    "vscclrm {s4-s9, vpr}",
    "vscclrm {d3, d4, vpr}",
    "vmrs r6, fpscr",
    "movw r3, #0\nmovt r3, #0x018c\nvmsr fpscr, r3",
    "mrs r7, control\nand r7, r7, #4",
)
PIECES = 12


class ContextProbes:
    """Programs that save, clear and restore FPCXT_NS and FPCXT_S, as entries to Secure code do."""

    def __init__(
        self, _flavour: Flavour, random: Random, *_scratch: object, interrupted: bool = False
    ) -> None:
        assert not interrupted
        self._random = random

    def program(self, label: str, _statements: int, /) -> str:
        """Assembly text of one function ``label``."""
        chosen = (self._random.choice(CONTEXTS) for _ in range(PIECES))
        lines = ["push {r4-r11, lr}", "vmrs r4, fpcxtns", "vstr fpcxtns, [r9, #4]", *chosen]
        return "\n".join((f".type {label}, %function", f"{label}:", *lines, "pop {r4-r11, pc}", ""))
