"""An image in memory: what every loader makes, and what a machine takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes at a physical (load) address. ``name``: the sections inside, for messages."""

    address: int
    data: bytes
    name: str = ""

    @property
    def end(self) -> int:
        """Address after the last byte."""
        return self.address + len(self.data)


@dataclass(frozen=True, slots=True)
class Reservation:
    """Memory that the image occupies while it runs (``.data`` and ``.bss``, say)."""

    address: int
    size_bytes: int
    name: str

    @property
    def end(self) -> int:
        """Address after the last byte."""
        return self.address + self.size_bytes


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """The processor that an ELF was built for, as its build attributes tell.

    ``architecture``: ``"v6-M"``, ``"v7-M"``, ``"v7E-M"``, ``"v8-M.baseline"``,
    ``"v8-M.mainline"`` or ``"v8.1-M.mainline"``. ``fpu``: ``"none"``, ``"single"`` or
    ``"double"``, as the code uses it; ``fp_version``: 4 (FPv4) or 5 (FPv5), 0 without.
    ``float_abi``: ``"hard"`` when calls pass floating point in s0 to s15, ``"soft"`` when in
    r0 to r3 (GCC's ``softfp`` too), ``""`` when the code does either or its own.
    """

    architecture: str
    fpu: str = "none"
    fp_version: int = 0
    dsp: bool = False
    vector: bool = False
    cpu_name: str = ""
    float_abi: str = ""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function or object: address without the Thumb bit.

    ``file``: the source file of a local one, when the symbol table tells, without its folder.
    """

    name: str
    address: int
    size_bytes: int
    is_function: bool
    file: str = ""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A place in the sources."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Routine:
    """A function as the sources have it: whole signature in C++, its declaration; 0: not known.

    ``linkage``: the linker's name. Several pieces of code may come from one: inlined copies, clones.
    """

    name: str
    linkage: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class InlinedCall:
    """A call that the compiler has replaced by the function's body; ``call``: the line of the caller."""

    routine: Routine
    call: SourceLine


class DebugInfo(Protocol):
    """Names for addresses; an image without any answers None."""

    def symbols(self) -> Sequence[Symbol]:
        """All functions and objects, by address."""

    def symbol_at(self, address: int) -> Symbol | None:
        """Find the function (or object) that holds ``address``."""

    def symbol(self, name: str) -> Symbol | None:
        """Find the symbol of that name."""

    def line_at(self, address: int) -> SourceLine | None:
        """File and line of the instruction at ``address``."""

    def folder_at(self, address: int) -> str:
        """The folder that relative paths of the code at ``address`` begin in; "" when not known."""

    def routine_at(self, address: int) -> Routine | None:
        """The function of the sources that holds ``address``."""

    def inlined_at(self, address: int) -> tuple[InlinedCall, ...]:
        """The inlined calls that the instruction at ``address`` belongs to, outermost first."""


@dataclass(frozen=True, slots=True)
class Image:
    """A loaded firmware file."""

    path: str
    sha256: str
    format: str  # "elf", "hex", "uf2" or "bin"
    segments: tuple[Segment, ...]
    vector_table: int | None = None  # ELF: where the image's own vectors are, if told
    entry: int | None = None
    start: int | None = None  # it begins there, whatever its vectors say; without the Thumb bit
    core: str | None = None  # "cortex-m4" as build attributes tell, None: unknown
    uses_fpu: bool | None = None
    build: BuildFacts | None = None
    reserved: tuple[Reservation, ...] = ()
    writable: tuple[Reservation, ...] = ()  # ELF: the segments that it writes to
    debug: DebugInfo | None = field(default=None, compare=False)
