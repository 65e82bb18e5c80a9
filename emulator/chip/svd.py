"""Reads a CMSIS-SVD file: a chip's peripherals, registers, fields, interrupts, and its core.

Makers' files break the schema in many ways. What is wrong is noted with file, line and element, and the
rest is taken; only a file that is no SVD at all is refused. The libraries that read SVD files (cmsis-svd,
pyOCD's) keep no line numbers and end, or say nothing, where a name leads nowhere, so this reader is our
own; the tests hold it against cmsis-svd.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from emulator.board.schema import MAX_INTERRUPTS
from emulator.chip.model import Chip, Peripheral, Processor, Register
from emulator.chip.svd_derive import Derivation
from emulator.chip.svd_registers import Defaults, RegisterReader
from emulator.chip.svd_words import Notes
from emulator.chip.xml_tree import Element, read_xml
from emulator.errors import UsageError
from emulator.files import read_bytes
from emulator.schema.table import ADDRESS_SPACE_BYTES

LARGEST_FILE_BYTES = 64 << 20
NEXT_STEP = "give a CMSIS-SVD file, as the chip's maker or its CMSIS pack has it"


def read_svd(path: str | Path) -> Chip:
    """Read a file. Raises UsageError when it can't be read or is no SVD file."""
    data = read_bytes(path, limit_bytes=LARGEST_FILE_BYTES, what="SVD file", next_step=NEXT_STEP)
    return chip_of(data, str(path))


def chip_of(data: bytes, where: str) -> Chip:
    """The chip that an SVD file's content describes; ``where`` it is from, for messages."""
    root = read_xml(data, where)
    if root.tag != "device" or not root.inside("peripherals", "peripheral"):
        what = (
            "has no peripherals" if root.tag == "device" else f"is no SVD file: it begins with <{root.tag}>"
        )
        raise UsageError(what, where=f"{where}:{root.line}", next_step=NEXT_STEP)
    notes = Notes(Path(where).name)
    peripherals = tuple(_Peripherals(root, notes).all())
    return Chip(
        name=root.word("name") or Path(where).stem,
        vendor=root.word("vendor") or root.word("vendorID"),
        source=f"{Path(where).name}, version {root.word('version') or 'unknown'}",
        processor=_processor(root, notes),
        peripherals=peripherals,
        notes=tuple(notes.lines),
    )


def _processor(root: Element, notes: Notes) -> Processor | None:
    element = root.first("cpu")
    if element is None:
        return None
    return Processor(
        name=element.word("name"),
        fpu=notes.truth(element, "fpuPresent"),
        double_precision=notes.truth(element, "fpuDP"),
        mpu=notes.truth(element, "mpuPresent"),
        priority_bits=notes.number(element, "nvicPrioBits"),
        interrupts=notes.number(element, "deviceNumInterrupts"),
    )


class _Peripherals:
    """The peripherals of one file."""

    def __init__(self, root: Element, notes: Notes) -> None:
        self._notes = notes
        self._derivation = Derivation(root, notes)
        self._reader = RegisterReader(self._derivation, notes)
        self._defaults = Defaults({}).below(root)
        self._containers = root.inside("peripherals")
        self._registers: dict[str, tuple[Register, ...]] = {}

    def all(self) -> Iterator[Peripheral]:
        """All of them, in the file's order."""
        taken: set[str] = set()
        for container in self._containers:
            for element in container.all("peripheral"):
                for peripheral in self._spread(element, container):
                    if peripheral.name in taken:
                        self._notes.add(element, "there is one of this name already; it is left out")
                        continue
                    taken.add(peripheral.name)
                    yield peripheral

    def _spread(self, element: Element, container: Element) -> Iterator[Peripheral]:
        whole = self._derivation.whole(element, container)
        base = self._notes.number(whole, "baseAddress")
        if base is None or not whole.word("name"):
            what = "name" if base is not None else "baseAddress"
            self._notes.add(whole, f"no {what}; it is left out")
            return
        original = self._original(element)
        registers = self._registers_of(original, whole)
        first = ""
        for name, more in self._notes.repeats(whole):
            if not 0 <= base + more < ADDRESS_SPACE_BYTES:
                self._notes.add(whole, f"0x{base + more:X} is no address of 32 bits; it is left out")
                return
            same_as = (original if original != element.word("name") else "") or first
            first = first or name
            yield Peripheral(
                name=name,
                base=base + more,
                size_bytes=self._block_bytes(whole),
                registers=registers,
                description=" ".join(whole.word("description").split()),
                interrupts=dict(self._interrupts(whole)),
                same_as=same_as,
            )

    def _original(self, element: Element) -> str:
        """The peripheral whose registers it has and adds nothing to; its own name if that is itself."""
        seen: list[str] = []
        while True:
            name, wanted = element.word("name"), element.attributes.get("derivedFrom", "")
            source = self._derivation.peripheral(wanted)
            changed = any(element.word(tag) for tag in ("size", "access", "resetValue", "prependToName"))
            has_own = element.first("registers") is not None or element.first("dim") is not None
            if source is None or has_own or changed or name in seen or source.first("dim") is not None:
                return name
            seen.append(name)
            element = source

    def _registers_of(self, original: str, whole: Element) -> tuple[Register, ...]:
        known = self._registers.get(original)
        if known is None:
            known = self._registers[original] = self._reader.registers(whole, self._defaults)
        return known

    def _block_bytes(self, element: Element) -> int:
        ends = [0]
        for block in element.all("addressBlock"):
            offset, size = self._notes.number(block, "offset", 0), self._notes.number(block, "size", 0)
            ends.append((offset or 0) + (size or 0))
        return max(ends)

    def _interrupts(self, element: Element) -> Iterator[tuple[str, int]]:
        for interrupt in element.all("interrupt"):
            number = self._notes.number(interrupt, "value")
            if number is None or not interrupt.word("name"):
                self._notes.add(interrupt, "no name or no value; it is left out")
                continue
            if number >= MAX_INTERRUPTS:
                self._notes.add(interrupt, f"{number} is no interrupt's number; it is left out")
                continue
            yield interrupt.word("name"), number
