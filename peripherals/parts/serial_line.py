"""The two wires of a UART, paced in modelled cycles.

Under every :class:`~peripherals.parts.uart.Uart` is one :class:`SerialLine`. The line knows how
long a character takes and nothing of registers: its owner starts a character and is told when
its stop bit has ended; received characters come one at a time, each a character time after the last.
A character that waits at the host is taken only while the receiver is on, so a host that
sends early loses nothing, and an overrun means that the firmware did not keep up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.device import DeviceContext


@dataclass(frozen=True, slots=True)
class CharacterFormat:
    """Length of a character: ``half_bits`` of ``bit_clocks / clock_hz`` seconds over 2.

    ``bit_clocks`` is a fraction, ``bit_clocks_numerator / bit_clocks_denominator``.
    """

    half_bits: int
    bit_clocks_numerator: int
    bit_clocks_denominator: int
    clock_hz: int

    @property
    def baud(self) -> int:
        """Bits a second, rounded."""
        numerator = self.clock_hz * self.bit_clocks_denominator
        return (numerator + self.bit_clocks_numerator // 2) // self.bit_clocks_numerator

    def cycles(self, core_hz: int) -> int:
        """Core cycles of one character, rounded up."""
        numerator = self.half_bits * self.bit_clocks_numerator * core_hz
        return max(1, -(-numerator // (2 * self.bit_clocks_denominator * self.clock_hz)))


class SerialLine:
    """Sends and receives whole characters at the pace of the device's baud rate."""

    def __init__(
        self,
        context: DeviceContext,
        *,
        on_received: Callable[[int], None],
        on_sent: Callable[[], None],
        on_quiet: Callable[[], None] | None = None,
    ) -> None:
        self._context = context
        self._on_received = on_received
        self._on_sent = on_sent
        self._on_quiet = on_quiet
        self._sending: int | None = None
        self._receiver_on = False
        self._character_cycles = 0
        self._baud = 0
        self._sent = context.clock.deadline(f"{context.name}:sent", self._sending_ends)
        self._received = context.clock.deadline(f"{context.name}:received", self._receiving_ends)
        self._quiet = context.clock.deadline(f"{context.name}:quiet", self._quiet_ends)
        if context.serial is not None:
            context.serial.on_waiting(self._poll)

    @property
    def sending(self) -> bool:
        """A character is being shifted out."""
        return self._sending is not None

    @property
    def receiving(self) -> bool:
        """A character is being shifted in."""
        return self._received.at_cycles is not None

    @property
    def has_pace(self) -> bool:
        """A clock runs: a character that is started will end."""
        return self._character_cycles > 0

    def configure(self, character: CharacterFormat | None, *, receiver_on: bool) -> None:
        """Set pace and receiver; ``None`` means that no clock runs. Idempotent."""
        old_cycles = self._character_cycles
        self._character_cycles = character.cycles(self._context.clock.core_hz) if character else 0
        self._receiver_on = receiver_on and self._character_cycles > 0
        if self._character_cycles and old_cycles and self._character_cycles != old_cycles:
            for slot in (self._sent, self._received, self._quiet):
                if slot.at_cycles is not None:
                    left = max(0, slot.at_cycles - self._context.clock.now())
                    slot.arm_in(-(-left * self._character_cycles // old_cycles))
        if character and character.baud != self._baud:
            self._baud = character.baud
            if self._context.serial is not None:
                self._context.serial.configured(self._baud)
        if self._receiver_on:
            self._poll()
        else:
            self._received.disarm()
            self._quiet.disarm()

    def send(self, data: int) -> None:
        """Start a character; the line must be free and a clock run."""
        self._sending = data
        self._sent.arm_in(self._character_cycles)

    def end_at_once(self) -> None:
        """Let the character that is being shifted out leave now, whatever the pace."""
        self._sent.disarm()
        self._sending_ends()

    def lend(self, most: int) -> tuple[int, int, Sequence[int]] | None:
        """Stop receiving: (when the next character has come, cycles of one, those that wait).

        None, and go on: none is on its way.
        """
        serial, at_cycles = self._context.serial, self._received.at_cycles
        if serial is None or at_cycles is None:
            return None
        self._received.disarm()
        return at_cycles, self._character_cycles, serial.upcoming(most)

    def take_back(self, received: int, at_cycles: int) -> None:
        """Go on behind a :meth:`lend`: so many have come, the next one comes at ``at_cycles``.

        Or none does: then the line has been quiet for a character's time at that cycle.
        """
        serial = self._context.serial
        if serial is not None:
            serial.skip(received)
        if serial is None or serial.waiting():
            self._received.arm(at_cycles)
        elif self._on_quiet:
            self._quiet.arm(at_cycles)

    def lend_output(self) -> tuple[int, int, int] | None:
        """Stop sending: (the character on the wire, when it has left, cycles of one).

        None, and go on: none is.
        """
        at_cycles = self._sent.at_cycles
        if self._sending is None or at_cycles is None:
            return None
        self._sent.disarm()
        return self._sending, at_cycles, self._character_cycles

    def take_back_output(self, sending: int, at_cycles: int) -> None:
        """Go on behind a :meth:`lend_output`."""
        self._sending = sending
        self._sent.arm(at_cycles)

    def stop(self) -> None:
        """Abandon what is on the wires (the device was disabled or reset)."""
        self._sending = None
        self._receiver_on = False
        self._baud = 0
        for slot in (self._sent, self._received, self._quiet):
            slot.disarm()

    def save(self) -> dict[str, Any]:
        """State for a snapshot; the deadlines are the clock's."""
        return {
            "sending": self._sending,
            "receiver_on": self._receiver_on,
            "character_cycles": self._character_cycles,
            "baud": self._baud,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put a saved state back."""
        self._sending = state["sending"]
        self._receiver_on = state["receiver_on"]
        self._character_cycles = state["character_cycles"]
        self._baud = state["baud"]

    def _poll(self) -> None:
        """Start to receive if a character waits and the receiver is on and free."""
        serial = self._context.serial
        if serial is not None and self._receiver_on and not self.receiving and serial.waiting():
            self._quiet.disarm()
            self._received.arm_in(self._character_cycles)

    def _sending_ends(self) -> None:
        data, self._sending = self._sending, None
        if data is not None and self._context.serial is not None:
            self._context.serial.transmit(data)
        self._on_sent()

    def _receiving_ends(self) -> None:
        serial = self._context.serial
        data = serial.next_received() if serial is not None else None
        self._poll()
        if data is not None:
            if self._on_quiet and not self.receiving:
                self._quiet.arm_in(self._character_cycles)
            self._on_received(data)

    def _quiet_ends(self) -> None:
        if self._on_quiet:
            self._on_quiet()
