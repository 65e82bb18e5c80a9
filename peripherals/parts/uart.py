"""A UART between its registers and its two wires: buffers, shift registers, frames, overrun.

A vendor's device adds the registers: it makes a :class:`UartSetting` of them whenever one that
matters was written or a clock has changed, puts characters in with :meth:`Uart.write`, takes
them out with :meth:`Uart.take`, turns the call-backs into its own flags, interrupts and DMA
requests, and passes ``send_held`` on. A buffer is a FIFO of the setting's depth, or with depth 1
a data register.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from emulator.device import DeviceContext, OrdinaryOutput
from peripherals.parts.serial_line import CharacterFormat, SerialLine

NO_PARITY, EVEN_PARITY, ODD_PARITY = "none", "even", "odd"
START_HALF_BITS = 2
BYTE_BITS = 8
MOST_LENT = 0xFF
"""Characters of more bits are not lent."""
MOST_HELD = 1 << 16
"""Characters: a DMA channel in circular mode would go on for ever."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One character on the wires: a start bit, data, a parity bit if any, stop bits.

    ``data_bits`` are without the parity bit. ``shows_parity``: a received character has its
    parity bit above the data.
    """

    data_bits: int = 8
    parity: str = NO_PARITY
    half_stop_bits: int = 2
    shows_parity: bool = False

    @property
    def half_bits(self) -> int:
        """Length on the wires in half bits."""
        bits = self.data_bits + (self.parity != NO_PARITY)
        return START_HALF_BITS + 2 * bits + self.half_stop_bits

    def data(self, character: int) -> int:
        """The bits of a written character that carry data: what reaches the host."""
        return character & (1 << self.data_bits) - 1

    def received(self, data: int) -> int:
        """What the receiver makes of the host's data."""
        data = self.data(data)
        if self.parity == NO_PARITY or not self.shows_parity:
            return data
        return data | ((data.bit_count() & 1) ^ (self.parity == ODD_PARITY)) << self.data_bits

    def all_received(self, data: Sequence[int]) -> Sequence[int]:
        """The same of several characters of a byte each."""
        if self.data_bits >= BYTE_BITS and not self.shows_parity:
            return data
        return [self.received(one) for one in data]


@dataclass(frozen=True, slots=True)
class UartSetting:
    """What the registers say.

    A bit lasts ``bit_clocks / bit_parts`` clocks of ``clock_hz``; without a clock or with 0
    bit clocks nothing moves. ``depth``: entries of each buffer. ``receive_overwrites``: a
    character that finds no room replaces the newest one, else it is lost itself.
    ``receive_drops``: received characters are lost without a trace (a frozen FIFO).
    """

    send_on: bool = False
    receive_on: bool = False
    frame: Frame = Frame()
    clock_hz: int = 0
    bit_clocks: int = 0
    bit_parts: int = 1
    depth: int = 1
    receive_overwrites: bool = False
    receive_drops: bool = False

    def character(self) -> CharacterFormat | None:
        """The pace of a character, ``None`` where nothing moves."""
        if not (self.send_on or self.receive_on) or not self.clock_hz or not self.bit_clocks:
            return None
        return CharacterFormat(self.frame.half_bits, self.bit_clocks, self.bit_parts, self.clock_hz)


class Uart:
    """Both directions of a UART.

    ``on_sent(finished)``: a stop bit has ended; ``finished`` when no character follows.
    ``on_received(data, no_room)``: a character came, and found no room in the buffer or had.
    ``on_loaded()``: a character went from the buffer to the shift register. ``on_quiet()``:
    the line was idle for a character's time after reception.
    """

    def __init__(
        self,
        context: DeviceContext,
        *,
        on_sent: Callable[[bool], None],
        on_received: Callable[[int, bool], None],
        on_loaded: Callable[[], None] = lambda: None,
        on_quiet: Callable[[], None] | None = None,
    ) -> None:
        self._on_sent = on_sent
        self._on_received = on_received
        self._on_loaded = on_loaded
        self._line = SerialLine(
            context, on_received=self._character_came, on_sent=self._character_left, on_quiet=on_quiet
        )
        self._setting = UartSetting()
        self.to_send: list[int] = []
        self.received: list[int] = []

    # -- what a device asks -------------------------------------------------------------------
    @property
    def sending(self) -> bool:
        """A character is being shifted out."""
        return self._line.sending

    @property
    def receiving(self) -> bool:
        """A character is being shifted in."""
        return self._line.receiving

    # -- what a device does -------------------------------------------------------------------
    def configure(self, setting: UartSetting) -> None:
        """Take what the registers say; a character that could not be sent before now can. Idempotent."""
        self._setting = setting
        self._line.configure(setting.character(), receiver_on=setting.receive_on)
        self._load_shifter()

    def stop(self) -> None:
        """Both directions off and empty: the device was disabled or reset."""
        self._setting = replace(self._setting, send_on=False, receive_on=False)
        self._line.stop()
        self.to_send.clear()
        self.received.clear()

    def write(self, character: int, *, overwrites: bool = True) -> bool:
        """Buffer a character to send. Gives whether there was room.

        Without room it replaces the newest one; with ``overwrites`` off it is lost itself.
        """
        had_room = len(self.to_send) < self._setting.depth
        if not had_room and overwrites:
            self.to_send.pop()
        if had_room or overwrites:
            self.to_send.append(character)
            self._load_shifter()
        return had_room

    def send_held(self) -> None:
        """Let what is to be sent leave at once, and what a DMA controller puts behind it.

        For the end of a run: the core has stopped for good, time stands still, the wires go on.
        """
        for _ in range(MOST_HELD):
            if not self._line.sending:
                return
            self._line.end_at_once()

    def take(self) -> int | None:
        """Take the oldest received character, if any."""
        return self.received.pop(0) if self.received else None

    def lend(self, most: int) -> tuple[int, int, Sequence[int]] | None:
        """See :meth:`SerialLine.lend`; the characters as they will be read."""
        lent = self._line.lend(most)
        if lent is None:
            return None
        at_cycles, character_cycles, characters = lent
        return at_cycles, character_cycles, self._setting.frame.all_received(characters)

    def take_back(self, received: int, held: int | None, at_cycles: int) -> None:
        """Go on behind a :meth:`lend`: so many have come, ``held`` was not taken."""
        self.received[:] = [] if held is None else [held]
        self._line.take_back(received, at_cycles)

    def lend_output(
        self, *, status_offset: int, data_offset: int, full: int, ready: int, data: int, writable: int
    ) -> OrdinaryOutput | None:
        """Stop sending, and say what would be; None, and go on: more than that may happen, or nothing.

        The arguments are what a device says of its registers, see :class:`emulator.device.OrdinaryOutput`.
        """
        mask = self._setting.frame.data(writable)
        if self._setting.depth != 1 or not self._setting.send_on or mask > MOST_LENT or len(self.to_send) > 1:
            return None
        lent = self._line.lend_output()
        if lent is None:
            return None
        sending, at_cycles, character_cycles = lent
        held = self._setting.frame.data(self.to_send[0]) if self.to_send else None
        return OrdinaryOutput(
            status_offset=status_offset,
            data_offset=data_offset,
            full=full,
            ready=ready,
            data=data,
            writable=writable,
            mask=mask,
            held=held,
            sending=sending,
            at_cycles=at_cycles,
            character_cycles=character_cycles,
        )

    def take_back_output(self, sending: int, held: int | None, at_cycles: int) -> None:
        """Go on behind a :meth:`lend_output`."""
        self.to_send[:] = [] if held is None else [held]
        self._line.take_back_output(sending, at_cycles)

    def save(self) -> dict[str, Any]:
        """State for a snapshot."""
        return {
            "line": self._line.save(),
            "setting": asdict(self._setting),
            "to_send": list(self.to_send),
            "received": list(self.received),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put a saved state back."""
        self._line.load(state["line"])
        setting = dict(state["setting"])
        self._setting = UartSetting(**{**setting, "frame": Frame(**setting["frame"])})
        self.to_send = list(state["to_send"])
        self.received = list(state["received"])

    # -- inside -----------------------------------------------------------------------------
    def _load_shifter(self) -> None:
        setting = self._setting
        if self.to_send and setting.send_on and not self._line.sending and self._line.has_pace:
            self._line.send(setting.frame.data(self.to_send.pop(0)))
            self._on_loaded()

    def _character_left(self) -> None:
        self._load_shifter()
        self._on_sent(not self._line.sending)

    def _character_came(self, data: int) -> None:
        setting = self._setting
        if setting.receive_drops:
            return
        character = setting.frame.received(data)
        had_room = len(self.received) < setting.depth
        if not had_room and setting.receive_overwrites:
            self.received.pop()
        if had_room or setting.receive_overwrites:
            self.received.append(character)
        self._on_received(character, not had_room)
