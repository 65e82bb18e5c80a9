"""Status bits that follow enable bits: oscillators, PLLs, regulators, converters that are ready at once.

Start-up times are not modelled: a status bit is set as soon as its enable bit is, if what it
needs runs. A vendor's device adds the table ``READY`` beside its registers and, where a bit
needs a crystal or a reference clock, :meth:`ReadyDevice.source_runs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from peripherals.register_device import RegisterDevice


@dataclass(frozen=True, slots=True)
class Ready:
    """Bits of the register ``status`` that are set while all of ``enable``'s are, else clear.

    ``source``: what must run besides, by the device's own name for it.
    """

    status: str
    status_mask: int
    enable: str
    enable_mask: int
    source: str = ""


class ReadyDevice(RegisterDevice):
    """Brings its ready bits up to date after each store, before the written register's effect."""

    READY: ClassVar[tuple[Ready, ...]] = ()

    def ready_table(self) -> tuple[Ready, ...]:
        """Give this instance's table; a class may make it from its parameters."""
        return self.READY

    def source_runs(self, source: str) -> bool:
        """Whether something that a ready bit needs runs; a device with sources says."""
        raise NotImplementedError(f"{type(self).__name__} has no source {source!r}")

    def reset(self) -> None:
        """Reset values, with the ready bits of what is on after a reset."""
        super().reset()
        self.settle()

    def settle(self) -> None:
        """Let every status bit follow."""
        for row in self.ready_table():
            on = self.values[row.enable] & row.enable_mask == row.enable_mask
            self.put_bits(
                row.status, row.status_mask, on and (not row.source or self.source_runs(row.source))
            )
