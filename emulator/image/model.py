"""An image in memory: what every loader makes, and what a machine takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes at a physical (load) address."""

    address: int
    data: bytes

    @property
    def end(self) -> int:
        """Address after the last byte."""
        return self.address + len(self.data)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function or object: address without the Thumb bit."""

    name: str
    address: int
    size_bytes: int
    is_function: bool


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A place in the sources."""

    file: str
    line: int


class DebugInfo(Protocol):
    """Names for addresses; an image without any answers None."""

    def symbol_at(self, address: int) -> Symbol | None:
        """The function (or object) that holds ``address``."""

    def symbol(self, name: str) -> Symbol | None:
        """The symbol of that name."""

    def line_at(self, address: int) -> SourceLine | None:
        """File and line of the instruction at ``address``."""


@dataclass(frozen=True, slots=True)
class Image:
    """A loaded firmware file."""

    path: str
    sha256: str
    format: str  # "elf", "hex" or "bin"
    segments: tuple[Segment, ...]
    vector_table: int | None = None  # ELF: where the image's own vectors are, if told
    entry: int | None = None
    core: str | None = None  # "cortex-m4" as build attributes tell, None: unknown
    uses_fpu: bool | None = None
    debug: DebugInfo | None = field(default=None, compare=False)
