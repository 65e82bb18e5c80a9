"""One channel of the GPDMA: blocks, linked lists, suspending, flags (RM0456 chapter GPDMA)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.device import DeviceContext, NothingAnswers
from peripherals.parts.banked import Bank
from peripherals.parts.dma_requests import RequestWires, until_flag

CCR_EN, CCR_RESET, CCR_SUSP = 1 << 0, 1 << 1, 1 << 2
CCR_LSM = 1 << 16
CCR_STORED = 0x00C3_7F04
CSR_IDLEF, CSR_TCF, CSR_HTF, CSR_DTEF, CSR_ULEF, CSR_USEF, CSR_SUSPF = (
    1 << n for n in (0, 8, 9, 10, 11, 12, 13)
)
CSR_CLEARABLE = 0x7F00
CTR1_SINC, CTR1_PAM_SHIFT, CTR1_SBX, CTR1_DINC, CTR1_DBX, CTR1_DHX = (
    1 << 3,
    11,
    1 << 13,
    1 << 19,
    1 << 26,
    1 << 27,
)
CTR1_SDW, CTR1_DDW_SHIFT, WIDTH = 0x3, 16, 0x3
CTR2_REQSEL, CTR2_SWREQ, CTR2_DREQ, CTR2_BREQ = 0x7F, 1 << 9, 1 << 10, 1 << 11
CTR2_TRIGPOL, CTR2_TCEM_SHIFT = 0x3 << 24, 30
TCEM_BLOCK, TCEM_REPEATED_BLOCK, TCEM_LINK, TCEM_CHANNEL = range(4)
CBR1_BNDT, CBR1_BRC = 0xFFFF, 0x7FF << 16
CLLR_LA, CLLR_ULL = 0xFFFC, 1 << 16
LINK = (
    (1 << 31, "TR1"), (1 << 30, "TR2"), (1 << 29, "BR1"), (1 << 28, "SAR"), (1 << 27, "DAR"),
    (1 << 26, "TR3"), (1 << 25, "BR2"), (CLLR_ULL, "LLR"),
)  # fmt: skip
"""Update bits of CxLLR, and what each brings from memory, in this order."""
UPDATES = sum(bit for bit, _register in LINK)
PAM_ZERO, PAM_SIGN = 0, 1
WORD_BYTES, RESERVED_BYTES = 4, 8


class GpdmaChannel:
    """One channel. ``requests``: by their numbers; ``started(channel)``: it was enabled."""

    def __init__(
        self,
        bank: Bank,
        context: DeviceContext,
        requests: Mapping[int, RequestWires],
        started: Callable[[GpdmaChannel], None],
    ) -> None:
        self._bank = bank
        self._memory = context.memory
        self._requests = requests
        self._started = started
        self._block_bytes = 0  # of the block being transferred
        self._in_block = False  # a hardware request for a whole block was seen
        self._packed = b""
        self._roomy: RequestWires | None = None  # where room was promised

    # -- what firmware does ------------------------------------------------------------------
    def reset(self) -> None:
        """Off, nothing under way."""
        self._block_bytes, self._in_block, self._packed = 0, False, b""
        self.tell_room()

    def control_changed(self, written: int, old: int) -> None:
        """CxCR: RESET and EN are set here and cleared by the channel itself."""
        enabled = bool(old & CCR_EN)
        if written & CCR_RESET and (not enabled or self._bank.value("SR") & CSR_SUSPF):
            self._bank.clear_bits("CR", CCR_EN | CCR_SUSP)
            self._bank.set_bits("SR", CSR_IDLEF)
            self.reset()
            return
        if written & CCR_EN and not enabled:
            self._start()
        elif enabled and self._bank.value("CR") & ~old & CCR_SUSP:
            self._bank.set_bits("SR", CSR_SUSPF | CSR_IDLEF)
        elif enabled and old & ~self._bank.value("CR") & CCR_SUSP:
            self._bank.clear_bits("SR", CSR_IDLEF)  # it goes on

    def report(self, register: str, access: str, what: str) -> None:
        """Report a use of one of its registers that the model does not cover."""
        self._bank.report(register, access, what)

    def ask(self) -> None:
        """Let what is on its way be handed over: its counters are looked at, or it is changed."""
        if self.is_on and self._roomy is not None:
            self._roomy.ask()

    # -- state -------------------------------------------------------------------------------
    @property
    def is_on(self) -> bool:
        """Enabled and not suspended."""
        return self._bank.value("CR") & (CCR_EN | CCR_SUSP) == CCR_EN

    @property
    def pending(self) -> bool:
        """An enabled flag is set: their enables have the same places as the flags."""
        return bool(self._bank.value("SR") & self._bank.value("CR") & CSR_CLEARABLE)

    @property
    def wants(self) -> bool:
        """There is something to move, and a reason to."""
        if not self.is_on or not self._left:
            return False
        return bool(self._bank.value("TR2") & CTR2_SWREQ) or self._in_block or self._wires_wanted() > 0

    @property
    def _left(self) -> int:
        return self._bank.value("BR1") & CBR1_BNDT

    def _wires(self) -> RequestWires | None:
        control = self._bank.value("TR2")
        return None if control & CTR2_SWREQ else self._requests.get(control & CTR2_REQSEL)

    def _wires_wanted(self) -> int:
        wires = self._wires()
        return 0 if wires is None else wires.wanted

    def _sizes(self) -> tuple[int, int]:
        control = self._bank.value("TR1")
        return 1 << (control & CTR1_SDW), 1 << (control >> CTR1_DDW_SHIFT & WIDTH)

    def _room(self) -> int:
        """Items from a device that are left until the next flag; 0 for what no device streams."""
        control, kind = self._bank.value("TR1"), self._bank.value("TR2")
        if not self.is_on or control & CTR1_SINC or kind & (CTR2_SWREQ | CTR2_DREQ):
            return 0
        return -(-until_flag(self._left, self._half()) // self._sizes()[0])

    def _half(self) -> int:
        """Bytes that are left when the half-transfer flag is due, in whole items."""
        size = self._sizes()[0]
        return self._block_bytes // 2 // size * size

    def tell_room(self) -> None:
        """Say to the device behind the request how many transfers it may hand over at once."""
        wires = self._wires() if self.is_on else None
        if self._roomy is not None and wires is not self._roomy:
            self._roomy.make_room(0)
        self._roomy = wires
        if wires is not None:
            wires.make_room(self._room())

    # -- transfers ---------------------------------------------------------------------------
    def _start(self) -> None:
        self._bank.set_bits("CR", CCR_EN)
        self._bank.clear_bits("SR", CSR_IDLEF)
        self._packed = b""
        self._started(self)
        if self._bank.value("TR2") & CTR2_TRIGPOL:
            self.report("TR2", "write", "triggers")
        if not self._left and self._bank.value("LLR") & UPDATES:
            self._load_link()
        elif self._is_wrong():
            self._stop(CSR_USEF)
        else:
            self._begin_block()

    def _begin_block(self) -> None:
        if self._bank.value("BR1") & CBR1_BRC:
            self.report("BR1", "write", "repeated blocks and two-dimensional addressing")
        self._block_bytes, self._in_block = self._left, False

    def _is_wrong(self) -> bool:
        """A setting that the channel refuses: widths, a block that is no whole number of items, alignment."""
        size, width = self._sizes()
        left = self._left
        reserved = RESERVED_BYTES in (size, width)
        aligned = self._bank.value("SAR") % size == 0 and self._bank.value("DAR") % width == 0
        return reserved or not left or left % size != 0 or not aligned

    def transfer(self) -> None:
        """Move an item, or all that a device has up to the next flag."""
        try:
            moved = self._move()
        except NothingAnswers:
            self._stop(CSR_DTEF)
            return
        self._bank.put("BR1", self._bank.value("BR1") - moved)
        left, mode = self._left, self._bank.value("TR2") >> CTR2_TCEM_SHIFT
        if left == self._half() and mode in (TCEM_BLOCK, TCEM_REPEATED_BLOCK):
            self._bank.set_bits("SR", CSR_HTF)
        if not left:
            self._block_done(mode)

    def _move(self) -> int:
        """Bytes of the source that were moved."""
        control, kind = self._bank.value("TR1"), self._bank.value("TR2")
        source, target = self._bank.value("SAR"), self._bank.value("DAR")
        size, width = self._sizes()
        if kind & CTR2_BREQ and not kind & CTR2_SWREQ:
            self._in_block = True
        count, room = 1, self._room()
        if room > 1 and size == width and control & CTR1_DINC:
            count = max(1, min(self._wires_wanted(), room))
        if count > 1:
            self._memory.write_all(target, self._memory.read_again(source, size, count))
            self._bank.put("DAR", target + size * count)
            return size * count
        item = self._memory.read(source, size).to_bytes(size, "little")
        if control & CTR1_SINC:
            self._bank.put("SAR", source + size)
        last = self._left == size
        for out in self._converted(item, width, last=last):
            self._memory.write(target, width, int.from_bytes(out, "little"))
            if control & CTR1_DINC:
                target += width
        self._bank.put("DAR", target)
        return size

    def _converted(self, item: bytes, width: int, *, last: bool) -> list[bytes]:
        """An item of the source as items of the destination (RM0456, data handling)."""
        control, size = self._bank.value("TR1"), len(item)
        mode = control >> CTR1_PAM_SHIFT & 3
        if control & CTR1_SBX and size == WORD_BYTES:
            item = bytes((item[0], item[2], item[1], item[3]))
        if mode in (PAM_ZERO, PAM_SIGN) or size == width:
            found = [_resized(item, width, mode)]
        else:
            data = self._packed + item
            found = [data[at : at + width] for at in range(0, len(data) - width + 1, width)]
            self._packed = data[len(found) * width :]
            if last and self._packed:
                found.append(self._packed.ljust(width, b"\0"))
                self._packed = b""
        return [_exchanged(out, control) for out in found]

    def _block_done(self, mode: int) -> None:
        link = self._bank.value("LLR") & UPDATES
        if mode in (TCEM_BLOCK, TCEM_REPEATED_BLOCK, TCEM_LINK) or not link:
            self._bank.set_bits("SR", CSR_TCF)
            if mode in (TCEM_LINK, TCEM_CHANNEL):
                self._bank.set_bits("SR", CSR_HTF)
        self._in_block = False
        if not link:
            self._stop(0)
        else:
            self._load_link()
            if self._bank.value("CR") & CCR_LSM:
                self._stop(0)

    def _load_link(self) -> None:
        """Bring the next node's registers from memory, in the order of its update bits."""
        link = self._bank.value("LLR")
        at = self._bank.value("LBAR") & 0xFFFF0000 | link & CLLR_LA
        values: dict[str, int] = {}
        try:
            for bit, register in LINK:
                if link & bit:
                    values[register] = self._memory.read(at, WORD_BYTES)
                    at += WORD_BYTES
        except NothingAnswers:
            self._stop(CSR_ULEF)
            return
        for register, value in values.items():
            self._bank.put(register, value)
        if not link & CLLR_ULL:
            self._bank.put("LLR", 0)
        if self._is_wrong():
            self._stop(CSR_USEF)
            return
        self._begin_block()

    def _stop(self, flags: int) -> None:
        self._bank.set_bits("SR", flags | CSR_IDLEF)
        self._bank.clear_bits("CR", CCR_EN | CCR_SUSP)

    # -- snapshots ---------------------------------------------------------------------------
    def save(self) -> Any:
        """State for a snapshot."""
        roomy = None if self._roomy is None else self._roomy.name
        return {"block": (self._block_bytes, self._in_block, self._packed), "roomy": roomy}

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._block_bytes, self._in_block, self._packed = state["block"]
        self._roomy = next((wires for wires in self._requests.values() if wires.name == state["roomy"]), None)


def _resized(item: bytes, width: int, mode: int) -> bytes:
    """Padded with zeros or the sign; cut to its low (zero mode) or high part."""
    if len(item) > width:
        return item[:width] if mode == PAM_ZERO else item[len(item) - width :]
    sign = mode == PAM_SIGN and item[-1] & 0x80
    return item.ljust(width, b"\xff" if sign else b"\0")


def _exchanged(out: bytes, control: int) -> bytes:
    """Bytes of each half-word, then half-words of a word, exchanged as CxTR1 says."""
    if control & CTR1_DBX and len(out) >= 2:
        out = b"".join(out[at : at + 2][::-1] for at in range(0, len(out), 2))
    if control & CTR1_DHX and len(out) == WORD_BYTES:
        out = out[2:] + out[:2]
    return out
