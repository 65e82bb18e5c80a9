"""``derivedFrom`` in an SVD file: an element that is like another one, but for what it says itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from emulator.chip.svd_words import PLACE, Notes
from emulator.chip.xml_tree import Element

CONTAINERS = ("registers", "fields")
MANY = ("register", "cluster", "field")
REPEATS = ("dim", "dimIncrement", "dimIndex", "dimName", "dimArrayIndex")
NOT_SHARED = ("interrupt",)
"""Another peripheral's interrupt is not this one's."""


class Derivation:
    """Finds what elements are derived from, by the names of one file."""

    def __init__(self, root: Element, notes: Notes) -> None:
        self._notes = notes
        self._peripherals: dict[str, Element] = {}
        for peripheral in root.inside("peripherals", "peripheral"):
            self._peripherals.setdefault(peripheral.word("name"), peripheral)
        self._values: dict[str, Element] | None = None
        self._root = root

    def peripheral(self, name: str) -> Element | None:
        """A peripheral as it stands in the file."""
        return self._peripherals.get(name)

    def whole(self, element: Element, siblings: Element, _chain: tuple[int, ...] = ()) -> Element:
        """An element with what it is derived from laid below it. ``siblings``: what it stands in."""
        wanted = element.attributes.get("derivedFrom", "")
        if not wanted:
            return element
        found = self._find(element.tag, wanted, siblings)
        if found is None or found[0] is element:
            self._notes.add(element, f"derivedFrom {wanted!r} is not in the file; its own part is taken")
            return element
        source, around = found
        if id(source) in _chain:
            self._notes.add(element, f"derivedFrom {wanted!r} leads back to itself; its own part is taken")
            return element
        return _laid_over(element, self.whole(source, around, (*_chain, id(element))))

    def enumerated(self, element: Element, register: Element) -> Element:
        """The ``enumeratedValues`` that one is derived from: of the same register, else of any."""
        wanted = element.attributes.get("derivedFrom", "").rpartition(".")[2]
        if not wanted:
            return element
        near = [values for field in register.inside("fields", "field") for values in field.all(element.tag)]
        found = next((values for values in near if values.word("name") == wanted), None)
        found = found or self._all_values().get(wanted)
        if found is None:
            self._notes.add(element, f"derivedFrom {wanted!r} is not in the file; the values have no names")
        return found or element

    def _all_values(self) -> dict[str, Element]:
        if self._values is None:
            self._values = {}
            for element in _below(self._root):
                if element.tag == "enumeratedValues" and element.word("name"):
                    self._values.setdefault(element.word("name"), element)
        return self._values

    def _find(self, tag: str, path: str, siblings: Element) -> tuple[Element, Element] | None:
        """The element and what it stands in."""
        for sibling in siblings.all(tag):
            if sibling.word("name") == path:
                return sibling, siblings
        first, _, rest = path.partition(".")
        if tag == "peripheral":
            found = self._peripherals.get(path)
            return None if found is None else (found, siblings)
        start = self._peripherals.get(first)
        if start is None or not rest:
            return None
        last = rest.rpartition(".")[2]
        for around in _below(start):
            for element in around.all(tag):
                if element.word("name") == last:
                    return element, around
        return None


def _below(element: Element) -> Iterator[Element]:
    """An element and all in it."""
    yield element
    for child in element.children:
        yield from _below(child)


def _laid_over(own: Element, source: Element) -> Element:
    """One element of two: what ``own`` says, and what only ``source`` does."""
    children = list(own.children)
    tags = {child.tag for child in children}
    repeats = "dim" not in tags and (PLACE in own.word("name") or not own.word("name"))
    for child in source.children:
        if child.tag in NOT_SHARED or (child.tag in REPEATS and not repeats):
            continue
        if child.tag in CONTAINERS and child.tag in tags:
            place = next(number for number, mine in enumerate(children) if mine.tag == child.tag)
            children[place] = _laid_over(children[place], child)
        elif child.tag in MANY:
            names = {mine.word("name") for mine in own.all(child.tag)}
            if child.word("name") not in names:
                children.append(child)
        elif child.tag not in tags:
            children.append(child)
    attributes = {key: text for key, text in own.attributes.items() if key != "derivedFrom"}
    return dataclasses.replace(own, attributes=attributes, children=children)
