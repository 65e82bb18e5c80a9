"""A channel's transfer control descriptor.

IMXRT1060RM, chapter "Enhanced Direct Memory Access", "TCD memory".
"""

from __future__ import annotations

from emulator.device import Memory, NothingAnswers
from peripherals.parts.twos_complement import signed

TCD_BYTES = 32
SADDR, SOFF, ATTR, NBYTES, SLAST, DADDR, DOFF, CITER, DLASTSGA, CSR, BITER = (
    0x00, 0x04, 0x06, 0x08, 0x0C, 0x10, 0x14, 0x16, 0x18, 0x1C, 0x1E,
)  # fmt: skip
START, MAJOR, HALF, DREQ, SCATTER, LINKS, ACTIVE, DONE = (1 << n for n in range(8))
LINK_COUNT = 1 << 15
SOURCE_MAPPED, DESTINATION_MAPPED = 1 << 31, 1 << 30
ADDRESS = 0xFFFFFFFF
WORD_BYTES = 4


class Descriptor:
    """32 bytes, and what they say."""

    def __init__(self) -> None:
        self.memory = bytearray(TCD_BYTES)

    def clear(self) -> None:
        """All zeros."""
        self.memory[:] = bytes(TCD_BYTES)

    def save(self) -> bytes:
        """State for a snapshot."""
        return bytes(self.memory)

    def load(self, state: bytes) -> None:
        """Put a saved state back."""
        self.memory[:] = state

    def load_bytes(self, place: int, size_bytes: int) -> int:
        """Read little endian."""
        return int.from_bytes(self.memory[place : place + size_bytes], "little")

    def store_bytes(self, place: int, size_bytes: int, value: int) -> None:
        """Write little endian."""
        self.memory[place : place + size_bytes] = (value & (1 << 8 * size_bytes) - 1).to_bytes(
            size_bytes, "little"
        )

    # -- control and status --------------------------------------------------------------------
    def _control(self, bit: int) -> bool:
        return bool(self.load_bytes(CSR, 2) & bit)

    def _put_control(self, bit: int, on: bool) -> None:
        value = self.load_bytes(CSR, 2)
        self.store_bytes(CSR, 2, value | bit if on else value & ~bit)

    @property
    def start(self) -> bool:
        """START: asked for by software, or by a link."""
        return self._control(START)

    @start.setter
    def start(self, on: bool) -> None:
        self._put_control(START, on)

    @property
    def done(self) -> bool:
        """DONE: the major loop is over."""
        return self._control(DONE)

    @done.setter
    def done(self, on: bool) -> None:
        self._put_control(DONE, on)

    @property
    def interrupts_major(self) -> bool:
        """INTMAJOR."""
        return self._control(MAJOR)

    @property
    def disables_request(self) -> bool:
        """DREQ."""
        return self._control(DREQ)

    @property
    def major_link(self) -> int | None:
        """The channel that is started behind the major loop."""
        return self.load_bytes(CSR, 2) >> 8 & 31 if self._control(LINKS) else None

    @property
    def minor_link(self) -> int | None:
        """The channel that is started behind a minor loop but the last."""
        count = self.load_bytes(CITER, 2)
        return count >> 9 & 31 if count & LINK_COUNT else None

    # -- moving --------------------------------------------------------------------------------
    def sizes(self) -> tuple[int, int]:
        """Bytes of a read and of a write."""
        attributes = self.load_bytes(ATTR, 2)
        return 1 << (attributes >> 8 & 7), 1 << (attributes & 7)

    def transfers(self, mapped: bool) -> int:
        """Reads or writes of a minor loop, whichever are more."""
        return -(-self._count_bytes(mapped) // min(self.sizes()))

    def move(self, memory: Memory, *, mapped: bool) -> str:
        """A minor loop; gives which side has failed, "" for none."""
        read_bytes, write_bytes = self.sizes()
        source, destination = self.load_bytes(SADDR, 4), self.load_bytes(DADDR, 4)
        attributes = self.load_bytes(ATTR, 2)
        source_step, source_mask = signed(self.load_bytes(SOFF, 2), 16), _modulo(attributes >> 11)
        step, mask = signed(self.load_bytes(DOFF, 2), 16), _modulo(attributes >> 3)
        left, held, side = self._count_bytes(mapped), b"", ""
        try:
            while left > 0:
                side = "source"
                while len(held) < write_bytes:
                    held += _read(memory, source, read_bytes)
                    source = _next(source, source_step, source_mask)
                side = "destination"
                while len(held) >= write_bytes and left > 0:
                    _write(memory, destination, held[:write_bytes])
                    held, left = held[write_bytes:], left - write_bytes
                    destination = _next(destination, step, mask)
        except NothingAnswers:
            return side
        offset, on_source, on_destination = self._mapping(mapped)
        self.store_bytes(SADDR, 4, source + (offset if on_source else 0))
        self.store_bytes(DADDR, 4, destination + (offset if on_destination else 0))
        return ""

    def count_down(self) -> bool:
        """One minor loop less; False: that was the last one."""
        value, mask = self.load_bytes(CITER, 2), self._loop_mask()
        left = (value & mask) - 1
        if left <= 0:
            return False
        self.store_bytes(CITER, 2, value & ~mask | left)
        return True

    def interrupts_half(self) -> bool:
        """Whether half of the major loop is over just now, and INTHALF asks for it."""
        mask = self._loop_mask()
        whole = self.load_bytes(BITER, 2) & mask
        return self._control(HALF) and self.load_bytes(CITER, 2) & mask == whole - whole // 2

    def finish(self, memory: Memory) -> None:
        """The major loop is over: made ready again, or another descriptor is loaded.

        Raises NothingAnswers where no descriptor is.
        """
        self.store_bytes(SADDR, 4, self.load_bytes(SADDR, 4) + signed(self.load_bytes(SLAST, 4), 32))
        if self._control(SCATTER):
            address = self.load_bytes(DLASTSGA, 4)
            for place in range(0, TCD_BYTES, WORD_BYTES):
                self.store_bytes(place, WORD_BYTES, memory.read(address + place, WORD_BYTES))
            return
        self.store_bytes(DADDR, 4, self.load_bytes(DADDR, 4) + signed(self.load_bytes(DLASTSGA, 4), 32))
        self.store_bytes(CITER, 2, self.load_bytes(BITER, 2))
        self.done = True

    # -- inside ------------------------------------------------------------------------------
    def _loop_mask(self) -> int:
        """The bits of CITER and BITER that count; a link takes some of them."""
        return (1 << (9 if self.load_bytes(CITER, 2) & LINK_COUNT else 15)) - 1

    def _mapping(self, mapped: bool) -> tuple[int, bool, bool]:
        """The offset behind a minor loop, and whether source and destination get it."""
        value = self.load_bytes(NBYTES, 4)
        if not mapped or not value & (SOURCE_MAPPED | DESTINATION_MAPPED):
            return 0, False, False
        return (
            signed(value >> 10 & 0xFFFFF, 20),
            bool(value & SOURCE_MAPPED),
            bool(value & DESTINATION_MAPPED),
        )

    def _count_bytes(self, mapped: bool) -> int:
        value = self.load_bytes(NBYTES, 4)
        if not mapped:
            return value
        return value & (0x3FF if value & (SOURCE_MAPPED | DESTINATION_MAPPED) else 0x3FFFFFFF)


def _modulo(field: int) -> int:
    """The bits of an address that change."""
    bits = field & 31
    return (1 << bits) - 1 if bits else ADDRESS


def _next(address: int, step: int, mask: int) -> int:
    return address & ~mask & ADDRESS | address + step & mask


def _read(memory: Memory, address: int, size_bytes: int) -> bytes:
    part = min(size_bytes, WORD_BYTES)
    return b"".join(
        memory.read(address + place, part).to_bytes(part, "little") for place in range(0, size_bytes, part)
    )


def _write(memory: Memory, address: int, data: bytes) -> None:
    part = min(len(data), WORD_BYTES)
    for place in range(0, len(data), part):
        memory.write(address + place, part, int.from_bytes(data[place : place + part], "little"))
