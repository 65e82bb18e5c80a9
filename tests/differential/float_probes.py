"""Short programs that ask one instruction of floating point at a time, of special numbers too."""

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
