"""What a Memory Protection Unit allows: its regions as a map of the whole address space.

ARMv7-M Architecture Reference Manual B3.5 (PMSAv7) and B3.1 (the default map), ARMv6-M B3.5, ARMv8-M
B11 (PMSAv8). Nobody but the core sees the MPU: neither DMA nor a debugger. The private peripheral
bus is never checked, and nothing is ever executed from :data:`SYSTEM_SPACE` on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag

ADDRESS_SPACE = 1 << 32
PRIVATE_BUS, PRIVATE_BUS_END = 0xE0000000, 0xE0100000
SYSTEM_SPACE = 0xE0000000
EXECUTE_NEVER = ((0x40000000, 0x60000000), (0xA0000000, ADDRESS_SPACE))
"""Of the default map: Peripheral; External device, private bus and Vendor_SYS."""
DEFAULT_EDGES = (0, 0x20000000, 0x40000000, 0x60000000, 0xA0000000, PRIVATE_BUS, PRIVATE_BUS_END)
SUBREGIONS, LEAST_WITH_SUBREGIONS = 8, 256


class Right(IntFlag):
    """What a kind of access may do. The user's are those of unprivileged accesses."""

    NONE = 0
    READ = 1
    WRITE = 2
    EXECUTE = 4


RW = Right.READ | Right.WRITE
EVERYTHING = RW | Right.EXECUTE
V7_RIGHTS: Sequence[tuple[Right, Right]] = (
    (Right.NONE, Right.NONE),
    (RW, Right.NONE),
    (RW, Right.READ),
    (RW, RW),
    (Right.NONE, Right.NONE),  # reserved
    (Right.READ, Right.NONE),
    (Right.READ, Right.READ),
    (Right.READ, Right.READ),
)
"""(privileged, unprivileged) by AP, B3.5.3 table "Access permissions field encoding"."""
V8_RIGHTS: Sequence[tuple[Right, Right]] = (
    (RW, Right.NONE),
    (RW, RW),
    (Right.READ, Right.NONE),
    (Right.READ, Right.READ),
)
"""(privileged, unprivileged) by AP, MPU_RBAR of ARMv8-M."""
WORDS = {
    Right.NONE: "no access",
    Right.READ: "read-only",
    RW: "read-write",
}


@dataclass(frozen=True, slots=True)
class ProtectionRegion:
    """An enabled region: from ``base`` to ``last``, without the subregions that SRD disables.

    ``attributes``: of the memory, as an architecture's register has them (TEX, S, C, B, or MAIR's byte).
    """

    number: int
    base: int
    last: int
    privileged: Right
    unprivileged: Right
    attributes: int = 0
    disabled_subregions: int = 0

    def edges(self) -> Iterable[int]:
        """Where what it says may begin or end."""
        yield self.base
        yield self.last + 1
        if self.disabled_subregions:
            size = (self.last + 1 - self.base) // SUBREGIONS
            yield from range(self.base + size, self.last + 1, size)

    def holds(self, address: int) -> bool:
        """Whether it says anything of this address."""
        if not self.base <= address <= self.last:
            return False
        if not self.disabled_subregions:
            return True
        size = (self.last + 1 - self.base) // SUBREGIONS
        return not self.disabled_subregions >> (address - self.base) // size & 1

    def words(self) -> str:
        """Number, place and rights, for reports."""
        privileged, unprivileged = (WORDS[r & ~Right.EXECUTE] for r in (self.privileged, self.unprivileged))
        rights = privileged if privileged == unprivileged else f"privileged {privileged}, user {unprivileged}"
        if not (self.privileged | self.unprivileged) & Right.EXECUTE:
            rights += ", execute-never"
        return f"MPU region {self.number} (0x{self.base:08x} to 0x{self.last:08x}, {rights})"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of addresses that are treated alike, from ``start`` on.

    ``owners``: the region that decides; none: the background; several: they overlap, which ARMv8-M
    does not allow.
    """

    start: int
    privileged: Right
    unprivileged: Right
    owners: tuple[ProtectionRegion, ...] = ()
    attributes: int | None = None  # None: the default map's

    def rights(self, *, unprivileged: bool) -> Right:
        """What one kind of access may do."""
        return self.unprivileged if unprivileged else self.privileged


class ProtectionMap:
    """The whole address space as segments, in order; ``number`` tells maps apart."""

    def __init__(self, number: int, segments: Iterable[Segment], background: bool | None) -> None:
        self.number = number
        self.segments = tuple(segments)
        self._starts = [segment.start for segment in self.segments]
        self._background = background

    @property
    def is_default(self) -> bool:
        """No MPU is on."""
        return self._background is None

    def at(self, address: int) -> Segment:
        """The segment that holds ``address``."""
        return self.segments[bisect_right(self._starts, address) - 1]

    def refused(self, start: int, size_bytes: int, right: Right, *, unprivileged: bool) -> int | None:
        """The first address of a stretch where ``right`` is missing; None: there is none."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        for segment in self.segments[first:]:
            if segment.start >= start + size_bytes:
                break
            if right & ~segment.rights(unprivileged=unprivileged):
                return max(start, segment.start)
        return None

    def partial_pages(
        self, page_bytes: int, *, unprivileged: bool
    ) -> dict[int, list[tuple[int, int, Right]]]:
        """Pages of which some may be read and written and some not: (first, last, rights) of the latter."""
        found: dict[int, list[tuple[int, int, Right]]] = {}
        for page in sorted({segment.start & -page_bytes for segment in self.segments}):
            parts, at = [], page
            while at < page + page_bytes:
                index = bisect_right(self._starts, at)
                end = self._starts[index] if index < len(self._starts) else ADDRESS_SPACE
                last = min(end, page + page_bytes) - 1
                parts.append((at, last, self.at(at).rights(unprivileged=unprivileged) & RW))
                at = last + 1
            kept = [part for part in parts if part[2] != RW]
            if kept and len(kept) < len(parts):
                found[page] = kept
        return found

    def executable(self, *, unprivileged: bool) -> tuple[tuple[int, bool], ...]:
        """Where execution begins or ends to be allowed: (address, allowed)."""
        edges: list[tuple[int, bool]] = []
        for segment in self.segments:
            allowed = bool(segment.rights(unprivileged=unprivileged) & Right.EXECUTE)
            if not edges or edges[-1][1] is not allowed:
                edges.append((segment.start, allowed))
        return tuple(edges)

    def words(self, address: int, right: Right, *, unprivileged: bool) -> str:
        """Who refuses an access, and why, for reports."""
        access = {Right.READ: "the load", Right.WRITE: "the store"}.get(right, "the instruction fetch")
        kind = "unprivileged " if unprivileged else ""
        access = f"{access[:4]}{kind}{access[4:]}"
        owners = self.at(address).owners
        if len(owners) > 1:
            numbers = " and ".join(str(region.number) for region in owners)
            return f"MPU regions {numbers} overlap at 0x{address:08x}, which refuses {access}"
        if owners:
            return f"{owners[0].words()} refuses {access}"
        if self._background and not unprivileged:
            return f"the default memory map refuses {access}"
        why = "the background map is for privileged code" if self._background else "PRIVDEFENA is 0"
        return f"no MPU region holds 0x{address:08x} and {why}: {access} is refused"


def default_rights(address: int) -> Right:
    """What the default memory map lets privileged code do, and all code where no MPU is on."""
    never = any(start <= address < end for start, end in EXECUTE_NEVER)
    return RW if never else EVERYTHING


def default_map(number: int) -> ProtectionMap:
    """The map of a core whose MPU is off."""
    return ProtectionMap(number, _merged(_default(start, everyone=True) for start in DEFAULT_EDGES), None)


def region_map(
    number: int, regions: Sequence[ProtectionRegion], *, background: bool, may_overlap: bool
) -> ProtectionMap:
    """The map of a core whose MPU is on.

    ``background``: privileged code has the default map where no region is. ``may_overlap``: the
    highest region decides (ARMv6-M, ARMv7-M); otherwise nobody may do anything there (ARMv8-M).
    """
    edges = {*DEFAULT_EDGES, *(edge for region in regions for edge in region.edges())}
    return ProtectionMap(
        number,
        _merged(
            _segment(start, regions, background=background, may_overlap=may_overlap)
            for start in sorted(edges)
            if start < ADDRESS_SPACE
        ),
        background,
    )


def _default(start: int, *, everyone: bool) -> Segment:
    rights = default_rights(start)
    return Segment(start, rights, rights if everyone else Right.NONE)


def _segment(
    start: int, regions: Sequence[ProtectionRegion], *, background: bool, may_overlap: bool
) -> Segment:
    if PRIVATE_BUS <= start < PRIVATE_BUS_END:
        return _default(start, everyone=True)
    holding = [region for region in regions if region.holds(start)]
    if not holding:
        return _default(start, everyone=False) if background else Segment(start, Right.NONE, Right.NONE)
    if len(holding) > 1 and not may_overlap:
        return Segment(start, Right.NONE, Right.NONE, tuple(holding))
    region = holding[-1]
    never = Right.EXECUTE if start >= SYSTEM_SPACE else Right.NONE
    return Segment(
        start, region.privileged & ~never, region.unprivileged & ~never, (region,), region.attributes
    )


def _merged(segments: Iterable[Segment]) -> Iterable[Segment]:
    """Segments without those that only go on with the one before."""
    last: Segment | None = None
    for segment in segments:
        if last is None or _says(segment) != _says(last):
            yield segment
            last = segment


def _says(segment: Segment) -> tuple[object, ...]:
    return (segment.privileged, segment.unprivileged, segment.owners, segment.attributes)
