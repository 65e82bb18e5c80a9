"""A chip's registers by name: what each is called, its fields, its reset value, what a write changes.

A board file may name such a file (``register_map``), which ``boardless new-board`` writes from an SVD
file. It is JSON, one register a line, and it is read when something needs it: the first access to a
quiet device, or a report. A chip has thousands of registers; a board that runs touches few of them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec

from emulator.device import ALL_BITS, DescribedWord
from emulator.errors import BoardError
from emulator.files import read_bytes

FORMAT = 1
LARGEST_FILE_BYTES = 64 << 20
WORD_BYTES = 4
NO_BITS = "0x0"
"""The very text that is left out of a file: msgspec leaves a default out when it is the same object."""
UNNAMED = re.compile(r"\+0x[0-9a-f]+")
"""How a device calls a register for which it has no name (:meth:`emulator.device.Device.register_name`)."""
NEXT_STEP = "`boardless new-board` writes such a file; or take register_map out of the board file"
Hexadecimal = Annotated[str, msgspec.Meta(pattern=r"^0x[0-9A-Fa-f]{1,16}$")]


class MappedRegister(msgspec.Struct, frozen=True, omit_defaults=True):
    """One register. ``at``: its offset. ``bytes``: 1, 2, 4 or 8.

    ``writable``: bits that a write stores, ``ones_clear``: bits that writing 1 clears; ``access``: ``"r"``,
    ``"w"`` or ``"rw"``. ``fields``: the bits of each as ``"7:4"`` or ``"3"``; ``values``: by field, what
    its values are called.
    """

    name: str
    at: Hexadecimal
    bytes: int = WORD_BYTES
    reset: Hexadecimal = NO_BITS
    writable: Hexadecimal | None = None
    ones_clear: Hexadecimal = NO_BITS
    access: str = "rw"
    fields: dict[str, Annotated[str, msgspec.Meta(pattern=r"^\d+(:\d+)?$")]] = {}
    values: dict[str, dict[str, str]] = {}

    def field_masks(self) -> Iterator[tuple[str, int]]:
        """Each field with its bits."""
        for name, text in self.fields.items():
            high, _, low = text.partition(":")
            lowest = int(low or high)
            yield name, (1 << int(high) - lowest + 1) - 1 << lowest


class MappedPeripheral(msgspec.Struct, frozen=True, omit_defaults=True):
    """One peripheral; ``same_as``: another one, whose registers it has."""

    base: Hexadecimal
    bytes: Hexadecimal = NO_BITS
    same_as: str = ""
    registers: list[MappedRegister] = []


class MapFile(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file. ``interrupts``: what the controller's lines are called, by their numbers."""

    format: int
    chip: str
    source: str = ""
    interrupts: dict[str, str] = {}
    peripherals: dict[str, MappedPeripheral] = {}


@dataclass(frozen=True, slots=True)
class Place:
    """A register at an address of the chip."""

    peripheral: str
    register: MappedRegister
    address: int


class _Index:
    """The file's registers by address."""

    def __init__(self, content: MapFile, path: str) -> None:
        self.interrupts = {int(number): name for number, name in content.interrupts.items()}
        self.words: dict[int, list[Place]] = {}
        self.spans: list[tuple[int, int, str]] = []
        for name, peripheral in content.peripherals.items():
            base = int(peripheral.base, 16)
            self.spans.append((base, base + int(peripheral.bytes, 16), name))
            original = content.peripherals.get(peripheral.same_as, peripheral)
            if peripheral.same_as and original is peripheral:
                what = f"{name} is the same as {peripheral.same_as!r}, which is not there"
                raise BoardError(what, where=path, next_step=NEXT_STEP)
            for register in original.registers:
                place = Place(name, register, base + int(register.at, 16))
                for word in range(place.address & ~3, place.address + register.bytes, WORD_BYTES):
                    self.words.setdefault(word, []).append(place)


class RegisterMap:
    """The names of one board's registers; nothing is known without a file.

    ``path``: of the file, "" for none. Each method raises BoardError when the file is not what it should be.
    """

    def __init__(self, path: str = "") -> None:
        self._path = path

    def place(self, address: int, bits: int = 0) -> Place | None:
        """The register that holds ``address``; of several, the first that has a field of ``bits`` there."""
        found = [place for place in self._at(address) if self._holds(place, address)]
        known = (p for p in found if any(mask & bits for _name, mask in p.register.field_masks()))
        return next(known, found[0] if found else None)

    def name(self, address: int, device: str = "") -> str:
        """``"PWR.STATUS"``, or ``"STATUS"`` when ``device`` is called like the peripheral; "" if unknown."""
        place = self.place(address)
        if place is not None:
            inside = address - place.address
            text = place.register.name + (f"+{inside}" if inside else "")
            return text if place.peripheral.lower() == device.lower() else f"{place.peripheral}.{text}"
        index = self._index
        spans = () if index is None else index.spans
        near = next(((base, name) for base, end, name in spans if base <= address < end), None)
        if near is None or near[1].lower() == device.lower():
            return ""
        return f"{near[1]}+0x{address - near[0]:x}"

    def fields(self, address: int, bits: int) -> list[str]:
        """The fields that ``bits`` of the word at ``address & ~3`` are in; a bit of none by its number."""
        if not bits:
            return []
        word = address & ~3
        shift = 8 * (address - word)
        place = self.place(address, bits >> shift)
        if place is None:
            return []
        left = (
            bits >> 8 * (place.address - word) if place.address > word else bits << 8 * (word - place.address)
        )
        left &= (1 << 8 * place.register.bytes) - 1
        names = []
        for name, mask in place.register.field_masks():
            if left & mask:
                names.append(name)
                left &= ~mask
        return names + [f"bit {bit}" for bit in range(8 * place.register.bytes) if left >> bit & 1]

    def bit_words(self, address: int, bit: int) -> str:
        """``" (PWR.STATUS, READY)"``: a bit of the word at ``address & ~3``; "" for an unknown register."""
        name = self.name(address)
        return f" ({', '.join([name, *self.fields(address, 1 << bit)])})" if name else ""

    def value_name(self, address: int, field: str, value: int) -> str:
        """What a value of a register's field is called; "" when it has no name."""
        place = self.place(address)
        return "" if place is None else place.register.values.get(field, {}).get(str(value), "")

    def word(self, address: int) -> DescribedWord | None:
        """What is said of the word at ``address``, the registers in it taken together; None: nothing."""
        reset = ones_clear = writable = readable = covered = 0
        for place in self._at(address):
            register = place.register
            all_bits = (1 << 8 * register.bytes) - 1
            shift = 8 * (place.address - address)
            lanes = _moved(all_bits, shift)
            if not lanes & ~covered:
                continue  # another name for the same bytes
            lanes &= ~covered
            covered |= lanes
            own = all_bits if register.writable is None else int(register.writable, 16)
            reset |= _moved(int(register.reset, 16), shift) & lanes
            ones_clear |= _moved(int(register.ones_clear, 16), shift) & lanes
            writable |= (_moved(own, shift) if "w" in register.access else 0) & lanes
            readable |= lanes if "r" in register.access else 0
        if not covered:
            return None
        rest = ALL_BITS & ~covered
        return DescribedWord(reset, writable | rest, ones_clear, readable | rest)

    def interrupt(self, number: int) -> str:
        """What an external interrupt is called; "" when nothing is said of it."""
        index = self._index
        return "" if index is None else index.interrupts.get(number, "")

    # -- inside ----------------------------------------------------------------------------
    @functools.cached_property
    def _index(self) -> _Index | None:
        return _Index(read_register_map(self._path), self._path) if self._path else None

    def _at(self, address: int) -> list[Place]:
        index = self._index
        return [] if index is None else index.words.get(address & ~3, [])

    @staticmethod
    def _holds(place: Place, address: int) -> bool:
        return place.address <= address < place.address + place.register.bytes


def _moved(value: int, shift: int) -> int:
    """``value`` shifted into its place in a word, cut to the word."""
    return (value << shift if shift >= 0 else value >> -shift) & ALL_BITS


def read_register_map(path: str) -> MapFile:
    """Read and check one. Raises :class:`BoardError`."""
    data = read_bytes(
        path, limit_bytes=LARGEST_FILE_BYTES, error=BoardError, what="register map", next_step=NEXT_STEP
    )
    try:
        content = msgspec.json.decode(data, type=MapFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BoardError(f"is no register map: {error}", where=path, next_step=NEXT_STEP) from error
    if content.format != FORMAT:
        what = f"is a register map of format {content.format}; this version reads {FORMAT}"
        raise BoardError(what, where=path, next_step=NEXT_STEP)
    return content


def register_map_text(content: MapFile) -> str:
    """The file's text: JSON, one register a line, so that two versions can be compared."""
    head: Mapping[str, object] = {"format": content.format, "chip": content.chip, "source": content.source}
    lines = ["{", *(f" {_json(key)}: {_json(value)}," for key, value in head.items())]
    lines.append(f' "interrupts": {_json(content.interrupts)},')
    lines.append(' "peripherals": {')
    parts = []
    for name, peripheral in content.peripherals.items():
        registers = [f"   {_json(register)}" for register in peripheral.registers]
        own = _json(msgspec.structs.replace(peripheral, registers=[]))
        if registers:
            own = own[:-1] + ', "registers": [\n' + ",\n".join(registers) + "]}"
        parts.append(f"  {_json(name)}: {own}")
    return "\n".join([*lines, ",\n".join(parts), " }", "}", ""])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
