"""XML with line numbers: what errors of a chip's description are told by.

The standard library's tree has none in its C implementation, so this builds its own on expat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from emulator.errors import UsageError

DEEPEST = 64
"""SVD has clusters in clusters; nothing is nested deeper than this."""
NOT_WELL_FORMED = 4
"""expat's number for an invalid token: what bytes are that the declared encoding does not have."""


@dataclass(slots=True)
class Element:
    """An element: its tag without a name space, its attributes, its text, what is in it, its line."""

    tag: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, tag: str) -> Iterator[Element]:
        """The elements in it that have a tag."""
        return (child for child in self.children if child.tag == tag)

    def first(self, tag: str) -> Element | None:
        """The first of them."""
        return next(self.all(tag), None)

    def inside(self, *path: str) -> list[Element]:
        """All elements that a path of tags leads to."""
        found = [self]
        for tag in path:
            found = [child for element in found for child in element.all(tag)]
        return found

    def word(self, tag: str) -> str:
        """The text of an element in it, white space around it left out; "" without one."""
        child = self.first(tag)
        return "" if child is None else child.text.strip()


def read_xml(data: bytes, where: str) -> Element:
    """The root of a document. Raises UsageError, with the line, for what is no XML."""
    try:
        return _parse(data, None)
    except expat.ExpatError as error:
        problem = error
    if problem.code == NOT_WELL_FORMED:  # bytes of another encoding than it says: Latin-1 has all bytes
        try:
            return _parse(data, "iso-8859-1")
        except expat.ExpatError:
            pass
    raise UsageError(
        f"is not XML: {expat.ErrorString(problem.code)}",
        where=f"{where}:{problem.lineno}",
        next_step="give a CMSIS-SVD file, as the chip's maker or its CMSIS pack has it",
    )


def _parse(data: bytes, encoding: str | None) -> Element:
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    root = Element("", {}, 0)
    stack = [root]

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag.rpartition(":")[2], attributes, parser.CurrentLineNumber)
        if len(stack) <= DEEPEST:
            stack[-1].children.append(element)
        stack.append(element)

    def end(_tag: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        stack[-1].text += data

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.Parse(data, True)
    return root.children[0]
