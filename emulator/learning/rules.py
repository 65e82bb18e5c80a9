"""What was learned of registers: rules, and the quiet devices that they make.

A rule is one bit of one register as a waiting loop wants it. Rules of neighbouring registers
become one device whose class is the quiet device; a quiet device that the board has already
gets its rules added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.board.model import Board, DeviceEntry
from emulator.board.register_map import RegisterMap
from emulator.bus.bit_band import alias_words

QUIET = "peripherals.quiet:Quiet"
WINDOW_BYTES = (0x400, 0x100)  # sizes of a learned device, the first that fits
SOURCE = "learned by running"
NO_WORD = re.compile(r"\W+")
SIZES = {1: "the byte ", 2: "the half-word ", 4: ""}


@dataclass(frozen=True, slots=True)
class Bit:
    """One bit of a register as the firmware accesses it: 1, 2 or 4 bytes at ``register``.

    ``number``: counted from the register's own first byte, as its manual does.
    """

    register: int
    size_bytes: int
    number: int

    @classmethod
    def of_word(cls, register: int, size_bytes: int, bit_in_word: int) -> Bit:
        """The bit by its number in the aligned word that the register is in."""
        return cls(register, size_bytes, bit_in_word - 8 * (register & 3))

    @property
    def in_word(self) -> tuple[int, int]:
        """(word address, number in that word)."""
        return self.register & ~3, self.number + 8 * (self.register & 3)

    def __str__(self) -> str:
        return f"bit {self.number} of {SIZES[self.size_bytes]}0x{self.register:08x}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One bit: ``kind`` is "follow" (equals ``enable``), "set", "clear" or "reset".

    "reset": the bit is 1 after reset. ``pc``: the loop's load. ``why`` says it in words.
    """

    bit: Bit
    kind: str
    pc: int
    enable: Bit | None = None
    why: str = ""


@dataclass(slots=True)
class LearnedDevice:
    """A quiet device in the making. ``added``: the board does not have it yet."""

    name: str
    base: int
    size_bytes: int
    added: bool
    registers: dict[str, int]
    parameters: dict[str, Any]
    names: RegisterMap = field(default_factory=RegisterMap)
    reasons: list[str] = field(default_factory=list)

    def name_of(self, address: int) -> str:
        """The register that begins at an address, by the board's map, or else named after its offset."""
        offset = address - self.base
        for name, known in self.registers.items():
            if known == offset:
                return name
        place = self.names.place(address)
        mapped = "" if place is None or place.address != address else NO_WORD.sub("_", place.register.name)
        name = mapped if mapped and mapped not in self.registers else f"R{offset:03X}"
        self.registers[name] = offset
        return name

    def add(self, rule: Rule) -> None:
        """Put a rule into the parameters."""
        self.reasons.append(rule.why)
        name, number = self.name_of(rule.bit.register), rule.bit.number
        status = f"{name}.{number}"
        if rule.kind == "reset":
            resets = dict(self.parameters.get("resets", {}))
            resets[name] = resets.get(name, 0) | 1 << number
            self.parameters["resets"] = resets
            return
        text = status
        if rule.enable is not None:
            text = f"{status} = {self.name_of(rule.enable.register)}.{rule.enable.number}"
        known = list(self.parameters.get(rule.kind, []))
        self.parameters[rule.kind] = [*known, text] if text not in known else known

    def table(self) -> dict[str, Any]:
        """The device's TOML table; of a device that the board has, only what changes."""
        named = dict(sorted(self.registers.items(), key=lambda item: item[1]))
        parameters = {**self.parameters, "registers": named}
        if not self.added:
            return {"source": SOURCE, "parameters": parameters}
        return {
            "type": QUIET,
            "base": self.base,
            "size_bytes": self.size_bytes,
            "source": SOURCE,
            "parameters": parameters,
        }


def learned_devices(board: Board, rules: Iterable[Rule], touched: Iterable[int]) -> list[LearnedDevice]:
    """Group rules into devices; ``touched``: further addresses worth naming in the same windows."""
    devices: list[LearnedDevice] = []
    names = RegisterMap(board.register_map)
    for rule in rules:
        device = _device_for(board, devices, rule.bit.register, names)
        device.add(rule)
    for address in sorted(touched):
        for device in devices:
            if device.added and device.base <= address < device.base + device.size_bytes:
                device.name_of(address)
    return devices


def with_rules(board: Board, rules: Iterable[Rule]) -> Board:
    """The board with the learned devices in it."""
    entries = {entry.name: entry for entry in board.devices}
    for device in learned_devices(board, rules, ()):
        parameters = device.table()["parameters"]
        if device.added:
            entries[device.name] = DeviceEntry(
                device.name, QUIET, device.base, device.size_bytes, parameters=parameters, source=SOURCE
            )
        else:
            entries[device.name] = replace(entries[device.name], parameters=parameters)
    return replace(board, devices=tuple(entries.values()))


def learnable(board: Board, address: int) -> bool:
    """Whether a quiet device can answer here: no device does, or a quiet one does.

    What would be a bit-band alias is no register of its own.
    """
    entry = _entry_at(board, address)
    if entry is not None:
        return entry.type == QUIET
    return (
        not alias_words(board, address)
        and board.region_at(address) is None
        and 0x40000000 <= address < 0xE0000000
        and bool(_window(board, address))
    )


def _entry_at(board: Board, address: int) -> DeviceEntry | None:
    return next((e for e in board.devices if e.base <= address < e.base + e.size_bytes), None)


def _window(board: Board, address: int) -> tuple[int, int] | None:
    """(base, size) around an address, free of devices and memories."""
    taken = [(e.base, e.base + e.size_bytes) for e in board.devices]
    taken += [(region.base, region.end) for region in board.regions]
    for size in WINDOW_BYTES:
        base = address & ~(size - 1)
        if all(base >= end or base + size <= start for start, end in taken):
            return base, size
    return None


def _device_for(
    board: Board, devices: list[LearnedDevice], address: int, names: RegisterMap
) -> LearnedDevice:
    for device in devices:
        if device.base <= address < device.base + device.size_bytes:
            return device
    entry = _entry_at(board, address)
    if entry is not None:
        parameters: Mapping[str, Any] = entry.parameters
        known = {key: value for key, value in parameters.items() if key != "registers"}
        device = LearnedDevice(
            entry.name,
            entry.base,
            entry.size_bytes,
            False,
            dict(parameters.get("registers", {})),
            known,
            names,
        )
    else:
        window = _window(board, address)
        assert window is not None, "learnable() said so"
        device = LearnedDevice(f"unknown_{window[0]:08x}", *window, True, {}, {}, names)
    devices.append(device)
    return device
