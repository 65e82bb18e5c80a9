"""SEGGER RTT: a debugger that looks into the firmware's RAM now and then, in modelled time.

It finds the control block as probe-rs does: where the symbol ``_SEGGER_RTT`` says, and without one
wherever in RAM the identification stands. The core is not stopped and not slowed, so a look costs no
cycle. What a firmware sees of it is that its buffers become empty: how often is the board's ``[rtt]``
table. probe-rs looks a thousand times a second while something comes and ten times when nothing does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.board.console import RttFacts
from emulator.clock.clock import Clock
from emulator.image.model import Image
from emulator.links.endpoint import SerialEndpoint
from emulator.links.rtt_block import ControlBlock, Memory, Ring, find_blocks, read_block

SYMBOL = "_SEGGER_RTT"
MICROSECONDS_PER_SECOND = 1_000_000
Span = tuple[int, int]


class RttProbe:
    """Carries characters between a firmware's RTT channels and serial endpoints, channel by channel.

    ``rams``: base and size of the memories that are searched. ``note(words)`` hears what is wrong with a
    block.
    """

    def __init__(
        self,
        memory: Memory,
        clock: Clock,
        facts: RttFacts,
        ports: Mapping[int, SerialEndpoint],
        *,
        rams: Sequence[Span],
        note: Callable[[str], None],
    ) -> None:
        self._memory, self._clock, self._facts = memory, clock, facts
        self._ports = ports
        self._rams = rams
        self._note = note
        self._symbol: int | None = None
        self._blocks: tuple[int, ...] = ()
        self._deadline = clock.deadline("rtt", self._poll)
        for port in ports.values():
            port.on_waiting(self._hurry)

    def use_image(self, image: Image | None) -> None:
        """Go by what an image's symbols say of where the block lies."""
        symbol = None if image is None or image.debug is None else image.debug.symbol(SYMBOL)
        self._symbol = None if symbol is None else symbol.address

    def reset(self) -> None:
        """The chip was reset, or another image loaded: the block may lie elsewhere soon."""
        self._blocks = ()
        self._arm(self._facts.poll_us)

    def look(self) -> bool:
        """Read and write what can be read and written now; whether anything was."""
        if not self._blocks:
            self._blocks = self._find()
        moved = False
        for number, address in enumerate(self._blocks):
            block = read_block(self._memory, address)
            if block is None:  # overwritten, or moved: look for it anew
                self._blocks = ()
                break
            moved |= self._serve(block, address, is_newest=number == len(self._blocks) - 1)
        return moved

    def missing(self) -> str:
        """Say that no block has been found, and where it was looked for; empty: there is one."""
        if self._blocks:
            return ""
        spans = ", ".join(f"0x{base:08x}-0x{base + size - 1:08x}" for base, size in self._rams)
        known = self._known()
        where = f"in {spans}" if known is None else self._place(known)
        return (
            f"RTT: no control block has come up {where}: was the firmware built for it, and did it get there?"
        )

    # -- finding -----------------------------------------------------------------------------
    def _known(self) -> int | None:
        return self._facts.control_block if self._facts.control_block is not None else self._symbol

    def _find(self) -> tuple[int, ...]:
        known = self._known()
        if known is not None:
            return (known,) if read_block(self._memory, known) is not None else ()
        found: list[int] = []
        for base, size in self._rams:
            found += find_blocks(self._memory.held_at(base, size) or b"", base)
        whole = [at for at in found if (block := read_block(self._memory, at)) and not block.problem]
        return tuple(whole or (at for at in found if read_block(self._memory, at) is not None))

    def _place(self, address: int) -> str:
        name = f" ({SYMBOL})" if address == self._symbol else ""
        return f"at 0x{address:08x}{name}"

    # -- serving -----------------------------------------------------------------------------
    def _poll(self) -> None:
        moved = self.look()
        self._arm(self._facts.poll_us if moved else self._facts.quiet_poll_us)

    def _hurry(self) -> None:
        """Characters wait: the next look comes soon."""
        self._arm(self._facts.poll_us)

    def _arm(self, microseconds: int) -> None:
        self._deadline.arm_in(max(1, self._clock.cycles_for(microseconds, MICROSECONDS_PER_SECOND)))

    def _serve(self, block: ControlBlock, address: int, *, is_newest: bool) -> bool:
        if block.problem:
            self._tell(address, block.problem)
            return False
        moved = False
        for number, ring in enumerate(block.up):
            port = self._ports.get(number)
            if port is None or not self._usable(ring, address):
                continue
            data = ring.take(self._memory)
            if data:
                port.transmit_all(data)
                moved = True
        for number, ring in enumerate(block.down if is_newest else ()):
            port = self._ports.get(number)
            if port is None or not port.waiting() or not self._usable(ring, address):
                continue
            written = ring.put(self._memory, bytes(port.upcoming(ring.size_bytes)))
            for _ in range(written):
                port.next_received()
            moved |= written > 0
        return moved

    def _usable(self, ring: Ring, address: int) -> bool:
        if not ring.is_set_up:
            return False
        problem = ring.problem(self._memory)
        if problem:
            self._tell(address, f"{ring.label}: {problem}")
        return not problem

    def _tell(self, address: int, problem: str) -> None:
        self._note(f"RTT's control block {self._place(address)} is damaged: {problem}")

    # -- snapshots -----------------------------------------------------------------------------
    def save(self) -> Any:
        """State for a snapshot; the clock saves when the next look is."""
        return self._blocks

    def load(self, saved: Any) -> None:
        """Put a saved state back."""
        self._blocks = tuple(saved)
