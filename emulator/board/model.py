"""A board as data: the dataclasses that a TOML file becomes.

:mod:`emulator.board.reader` reads and validates the TOML; nothing here knows of files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.board.console import RttFacts
from emulator.board.supply import EnergyFacts
from emulator.board.wiring import Wiring


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of memory. ``kind``: ``"flash"``, ``"ram"`` or ``"rom"``.

    ``accelerator`` names the entry of :attr:`Board.accelerators` in front of it, "" for
    none (zero wait states unless ``wait_states`` says otherwise). ``alias_of``: the name
    of the region whose bytes these are. ``bus``: who reaches it ("icode", "dcode",
    "system", "tcm", "axi" ...): free text that memory models use. ``first_load_cycles``: what a
    load waits there that follows no load of the same memory, on boards whose core parameters
    have ``other_memory``. ``ram_for_programs``: a program without a vector table may keep its data
    there too, whatever the kind. ``contents``: what it holds before an image is loaded, from
    ``contents_at`` on, as option bytes and information pages do. ``banks_signal``: a signal whose level
    is how many banks of ``bank_bytes`` answer, from ``base`` on; "": all of it does, always.
    """

    name: str
    base: int
    size_bytes: int
    kind: str
    bus: str = ""
    accelerator: str = ""
    wait_states: int = 0
    first_load_cycles: int = 0
    alias_of: str = ""
    source: str = ""
    ram_for_programs: bool = False
    contents: bytes = b""
    contents_at: int = 0
    banks_signal: str = ""
    bank_bytes: int = 0

    @property
    def end(self) -> int:
        """Address after the last byte."""
        return self.base + self.size_bytes


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A device instance. ``type`` is an import path ``"package.module:Class"``.

    ``interrupts`` maps the device's own line names to external interrupt numbers.
    """

    name: str
    type: str
    base: int
    size_bytes: int
    interrupts: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """Flash or cache parameters of the memory model, each with its source.

    ``kind`` selects the rule set (``"stm32-art"``, ``"none"``, ``"l1"`` ...); the
    parameters are that rule set's, integers, and firmware may change some at run time.
    """

    name: str
    kind: str
    parameters: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Board:
    """A whole board."""

    name: str
    title: str
    core: str  # "cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33"
    fpu: str  # "none", "single" or "double"
    reset_hz: int
    regions: tuple[Region, ...]
    devices: tuple[DeviceEntry, ...]
    console: str  # the device whose serial port is the console, or as emulator.board.console reads it
    vector_table: int  # address that the core reads SP and PC from at reset
    interrupts: int  # number of external interrupt lines
    priority_bits: int
    core_parameters: Mapping[str, int] = field(default_factory=dict)  # e.g. multiplier = 32
    accelerators: tuple[Accelerator, ...] = ()
    signals: Mapping[str, int] = field(default_factory=dict)  # pins that the board ties
    image_bases: tuple[int, ...] = ()  # where a raw .bin for this board is linked
    uf2_families: tuple[int, ...] = ()  # whose blocks of a UF2 file this board takes; (): one of any
    nominal_hz: int = 0  # what benchmark firmware usually selects; for information
    sources: tuple[str, ...] = ()
    file: str = ""
    register_map: str = ""  # path of a file with the chip's registers (emulator.board.register_map)
    wiring: Wiring = field(default_factory=Wiring)
    energy: EnergyFacts | None = None
    rtt: RttFacts = field(default_factory=RttFacts)

    def desk_pins(self) -> dict[str, str]:
        """Pins that lead to the benchmark's desk, by what they tell there; those not known are empty."""
        return {
            "processing": self.wiring.processing,
            "detection": self.wiring.detection,
            "timestamp": "" if self.energy is None else self.energy.timestamp_pin,
        }

    def accelerator_of(self, region: Region) -> str:
        """Name of the accelerator in front of a region's bytes, an alias's own or its target's."""
        if not region.accelerator and region.alias_of:
            return next(r.accelerator for r in self.regions if r.name == region.alias_of)
        return region.accelerator

    def region_at(self, address: int) -> Region | None:
        """The region that holds ``address``."""
        return next((r for r in self.regions if r.base <= address < r.end), None)
