"""The peripheral side of the bus: which device answers, what nothing answers.

Reads and writes to the peripheral window that no device covers are remembered by address,
answered from the last write, and listed at the end of a run; ``strict`` makes the first
one an error.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from emulator.board.areas import MAY_HAVE_BIT_BAND, PERIPHERALS, PRIVATE, SRAM_ALIAS
from emulator.board.model import Board, DeviceEntry
from emulator.board.register_map import UNNAMED, RegisterMap
from emulator.bus.bit_band import BitBand, alias_words
from emulator.device import Device, Memory, ReadsAgain
from emulator.system.core import CoreRegisters, MemoryFault

GRANULE_SHIFT = 8
NO_DEVICE = "no device"
STORED_ONLY = "stored only"
"""What is said of a register that keeps what is written and does nothing (peripherals/quiet.py)."""
# The peripherals' alias lies in the peripheral window; the SRAM's needs a window of its own. On a
# board whose file does not say that it has them, accesses are listed like any that nothing answers.


@dataclass(slots=True)
class Unmodelled:
    """An access that no model covers, and how often it was made."""

    device: str
    register: str
    access: str
    address: int
    count: int
    first_pc: int
    what: str = ""
    bits: int = 0  # of the aligned word: those that its stores have set, so far

    @property
    def is_mode(self) -> bool:
        """Whether the access turned something on that is not modelled, in a register that is."""
        return self.device != NO_DEVICE and self.what not in ("", STORED_ONLY)


class Bus:
    """Dispatches register accesses to devices and keeps the list of unmodelled ones.

    ``memory``: what bit-band aliases lead to.
    """

    def __init__(
        self,
        board: Board,
        memory: Memory,
        *,
        here: Callable[[], int],
        on_unmodelled: Callable[[Unmodelled], None],
    ) -> None:
        self._board = board
        self._here = here
        self._on_unmodelled = on_unmodelled
        self.register_map = RegisterMap(board.register_map)
        self._stored = 0  # bits that the store being served sets, in its aligned word
        self._bit_band = BitBand(memory) if board.core_parameters.get("bit_band", 0) else None
        self._devices: dict[int, tuple[int, int, Device, str]] = {}
        self._sharing: dict[int, list[tuple[int, int, Device, str]]] = {}
        self._quiet: dict[int, int] = {}
        self._noted = False  # during the last read
        self.unmodelled: dict[tuple[int, str, str], Unmodelled] = {}
        self.flipped: dict[int, int] = {}  # word address -> bits that reads see inverted, for trials
        self.journal: Callable[[int, int, int], None] | None = None  # told of writes: address, bytes, value

    def add(self, entry: DeviceEntry, device: Device) -> None:
        """Put a device at its base."""
        size = entry.size_bytes or device.size_bytes
        slot = (entry.base, entry.base + size, device, entry.name)
        for granule in range(entry.base >> GRANULE_SHIFT, (entry.base + size - 1 >> GRANULE_SHIFT) + 1):
            before = self._devices.get(granule)
            if before is not None:  # two devices share it: those before are looked up by address
                self._sharing.setdefault(granule, []).append(before)
            self._devices[granule] = slot

    def windows(self) -> list[tuple[int, int]]:
        """(base, size) stretches, page aligned, that need mapping: the peripheral window and outliers."""
        pages: set[int] = set()
        slots = [*self._devices.values(), *(slot for many in self._sharing.values() for slot in many)]
        for base, end in {slot[:2] for slot in slots}:  # one of many granules stands there often
            if base not in PERIPHERALS and base not in PRIVATE:
                pages.update(range(base >> 12, (end - 1 >> 12) + 1))
        found: list[tuple[int, int]] = [(PERIPHERALS.start, len(PERIPHERALS))]
        if self._board.core in MAY_HAVE_BIT_BAND:
            found.append((SRAM_ALIAS.start, len(SRAM_ALIAS)))
        for page in sorted(pages):
            if found[-1][0] + found[-1][1] == page << 12:
                found[-1] = (found[-1][0], found[-1][1] + 0x1000)
            else:
                found.append((page << 12, 0x1000))
        return found

    def device_at(self, address: int) -> tuple[int, int, Device, str] | None:
        """(base, end, device, name) of the device that answers at ``address``."""
        slot = self._devices.get(address >> GRANULE_SHIFT)
        if slot is not None and slot[0] <= address < slot[1]:
            return slot
        sharing = self._sharing.get(address >> GRANULE_SHIFT, ())
        return next((other for other in sharing if other[0] <= address < other[1]), None)

    def shows_state(self, address: int) -> bool:
        """Whether the read just made at ``address`` was a device's, of a register that it models.

        And nobody looks what becomes of other values.
        """
        return not self._noted and not self.flipped and self.device_at(address) is not None

    def read(self, address: int, size_bytes: int) -> int:
        """A load from the peripheral side."""
        self._noted = False
        slot = self.device_at(address)
        if slot is not None:
            value = slot[2].read(address - slot[0], size_bytes)
        else:
            if self._bit_band is not None and self._bit_band.covers(address):
                with suppress(MemoryFault):  # of a bit that no memory has: listed below
                    return self._bit_band.read(address, size_bytes)
            self.note(address, "read", "")
            value = self._quiet.get(address & ~3, 0) >> 8 * (address & 3)
        if self.flipped:
            value ^= self.flipped.get(address & ~3, 0) >> 8 * (address & 3)
        return value & ((1 << 8 * size_bytes) - 1)

    def write(self, address: int, size_bytes: int, value: int) -> None:
        """A store to the peripheral side."""
        if self.journal is not None:
            self.journal(address, size_bytes, value)
        value &= (1 << 8 * size_bytes) - 1
        self._stored = value << 8 * (address & 3)
        slot = self.device_at(address)
        if slot is not None:
            slot[2].write(address - slot[0], size_bytes, value)
            return
        if self._bit_band is not None and self._bit_band.covers(address):
            with suppress(MemoryFault):
                self._bit_band.write(address, size_bytes, value)
                return
        self.note(address, "write", "")
        shift = 8 * (address & 3)
        mask = (1 << 8 * size_bytes) - 1 << shift
        old = self._quiet.get(address & ~3, 0)
        self._quiet[address & ~3] = (old & ~mask) | (value << shift & mask)

    def note(self, address: int, access: str, what: str, *, of_core: str = "") -> None:
        """Remember an access that no model covers; ``of_core``: the name of the core's own register there.

        One to a bit-band alias says so: the board's file must tell whether the chip has them.
        """
        self._noted = True
        what = what or self.alias_note(address)
        key = (address, access, what)
        bits = self._stored if access == "write" else 0
        if key in self.unmodelled:
            self.unmodelled[key].count += 1
            self.unmodelled[key].bits |= bits
            return
        device, register = ("core", of_core) if of_core else self.names(address)
        entry = Unmodelled(device, register, access, address, 1, self._here(), what, bits)
        self.unmodelled[key] = entry
        self._on_unmodelled(entry)

    def names(self, address: int) -> tuple[str, str]:
        """What the device at ``address`` and its register are called, else by the board's register map."""
        slot = self.device_at(address)
        if slot is None:
            return NO_DEVICE, self.register_map.name(address) or f"0x{address:08x}"
        name = slot[2].register_name(address - slot[0])
        if UNNAMED.fullmatch(name):
            name = self.register_map.name(address, slot[3]) or name
        return slot[3], name

    def alias_note(self, address: int) -> str:
        """In words: the bit-band alias that ``address`` would be; empty for any other address."""
        words = alias_words(self._board, address, self.register_map)
        if not words or self._bit_band is not None or self.device_at(address) is not None:
            return words
        return f"{words}; on a chip that has aliases: core_parameters.bit_band = 1 in the board's file"

    def save(self) -> Any:
        """State for a snapshot."""
        return dict(self._quiet)

    def load(self, saved: Any) -> None:
        """Put a saved state back."""
        self._quiet = dict(saved)


class BusMemory:
    """Memory and registers as a DMA master sees them; implements ``emulator.device.Memory``.

    ``device_at``: see :meth:`Bus.device_at`.
    """

    def __init__(
        self,
        core: CoreRegisters,
        device_at: Callable[[int], tuple[int, int, Device, str] | None],
    ) -> None:
        self._core = core
        self._device_at = device_at

    def read(self, address: int, size_bytes: int) -> int:
        """Read 1, 2 or 4 bytes."""
        return int.from_bytes(self._core.read_memory(address, size_bytes), "little")

    def write(self, address: int, size_bytes: int, value: int) -> None:
        """Write 1, 2 or 4 bytes."""
        self._core.write_memory(address, (value & ((1 << 8 * size_bytes) - 1)).to_bytes(size_bytes, "little"))

    def read_again(self, address: int, size_bytes: int, count: int) -> bytes:
        """Read 1, 2 or 4 bytes ``count`` times from the same place."""
        slot = self._device_at(address)
        if slot is not None and isinstance(slot[2], ReadsAgain):
            data = slot[2].read_again(address - slot[0], size_bytes, count)
            if data is not None:
                return data
        return b"".join(self._core.read_memory(address, size_bytes) for _ in range(count))

    def write_all(self, address: int, data: bytes) -> None:
        """Write a stretch of memory."""
        self._core.write_memory(address, data)
