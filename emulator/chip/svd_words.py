"""What all parts of an SVD reader share: numbers as SVD files write them, repeats, notes of what is wrong.

CMSIS-SVD schema 1.3 (Arm, "CMSIS-SVD Schema File"): scaledNonNegativeInteger, dimElementGroup. Files that
makers publish have more forms than the schema; those that mean only one thing are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from emulator.chip.xml_tree import Element

NUMBER = re.compile(
    r"\+?(?:0[xX](?P<hex>[0-9a-fA-F_]+)|(?:#|0[bB])(?P<bin>[01xX]+)|(?P<dec>\d+))(?P<scale>[kmgtKMGT]?)"
)
SCALES = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
TRUTHS = {"true": True, "1": True, "false": False, "0": False}
MOST_REPEATS = 4096
RANGE = re.compile(r"(\d+)\s*-\s*(\d+)|([A-Z])\s*-\s*([A-Z])")
PLACE = "%s"


def number_of(text: str) -> int | None:
    """A number as SVD files write it: decimal, 0x, # or 0b; a don't-care bit is 0. None for anything else."""
    match = NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    if match["hex"]:
        value = int(match["hex"].replace("_", "") or "0", 16)
    elif match["bin"]:
        value = int(match["bin"].lower().replace("x", "0"), 2)
    else:
        value = int(match["dec"])
    return value << SCALES[match["scale"].lower()]


@dataclass(slots=True)
class Notes:
    """Collects what is wrong with a file, each with its line and element."""

    where: str
    lines: list[str] = field(default_factory=list)
    _told: set[str] = field(default_factory=set)

    def add(self, element: Element, text: str) -> None:
        """Note a thing, once: an element that is derived or repeated is met several times."""
        name = element.word("name")
        line = f"{self.where}:{element.line}: <{element.tag}>{f' {name}' if name else ''}: {text}"
        if line not in self._told:
            self._told.add(line)
            self.lines.append(line)

    def number(self, element: Element, tag: str, default: int | None = None) -> int | None:
        """The number in an element; ``default`` when it is not there, and, noted, when it is none."""
        text = element.word(tag)
        if not text:
            return default
        value = number_of(text)
        if value is None:
            instead = "it is left out" if default is None else f"{default} is taken"
            self.add(element, f"{tag} {text!r} is no number; {instead}")
            return default
        return value

    def truth(self, element: Element, tag: str) -> bool | None:
        """True or false in an element; None when it is not there or neither."""
        return TRUTHS.get(element.word(tag).lower())

    def repeats(self, element: Element) -> Iterator[tuple[str, int]]:
        """Each (name, bytes or bits to add) that an element stands for: one, or ``dim`` of them."""
        name, count = element.word("name"), self.number(element, "dim")
        if count is None:
            yield name.replace(f"[{PLACE}]", "").replace(PLACE, ""), 0
            return
        if count > MOST_REPEATS:
            self.add(element, f"dim is {count}: the first {MOST_REPEATS} are taken")
            count = MOST_REPEATS
        step = self.number(element, "dimIncrement")
        if step is None:
            self.add(element, "dim without dimIncrement; the first one is taken")
            step, count = 0, min(count, 1)
        names = self._indices(element, count)
        for number, index in enumerate(names):
            own = name.replace(PLACE, index) if PLACE in name else name + (index if count > 1 else "")
            yield own, number * step

    def _indices(self, element: Element, count: int) -> list[str]:
        """What stands for ``%s``: ``dimIndex``, else 0, 1, 2 ..."""
        text = element.word("dimIndex")
        match = RANGE.fullmatch(text)
        if match and match[1]:
            names = [
                str(number) for number in range(int(match[1]), min(int(match[2]), int(match[1]) + count) + 1)
            ]
        elif match:
            names = [chr(letter) for letter in range(ord(match[3]), ord(match[4]) + 1)]
        else:
            names = [part.strip() for part in text.split(",")] if text else []
        if len(names) < count:
            if names:
                self.add(element, f"dimIndex {text!r} has {len(names)} of {count} names; numbers are taken")
            names = [str(number) for number in range(count)]
        return names[:count]
