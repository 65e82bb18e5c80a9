"""A stopped core's registers, put aside and put back: general, floating point, masks, both stacks.

The order of the writes is explained in :mod:`emulator.system.stack_frame`: what is banked or
privileged is reached from handler mode, and CONTROL is written last in thread mode.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from emulator.system.core import CoreRegisters
from emulator.system.exception_table import NMI
from emulator.system.stack_frame import CONTROL_NPRIV, CONTROL_SPSEL, XPSR_NUMBER

GENERAL = (*(f"r{n}" for n in range(13)), "lr", "xpsr", "pc")
FLOATING_POINT = (*(f"s{n}" for n in range(32)), "fpscr", "vpr")
MASKS = ("primask", "basepri", "faultmask")
STACKS = ("msp", "psp")
THUMB_BIT = 1


@dataclass(frozen=True, slots=True)
class SavedRegisters:
    """The registers of a core between two blocks."""

    exception: int
    control: int
    general: tuple[int, ...]
    floating_point: tuple[int, ...]
    masks: tuple[int, ...]
    stacks: tuple[int, ...]


@contextmanager
def privileged(core: CoreRegisters) -> Iterator[None]:
    """Handler mode for an unprivileged thread, whose masks and stack pointers can't be reached."""
    control, exception = core.get("control"), core.get("ipsr") & XPSR_NUMBER
    if exception or not control & CONTROL_NPRIV:
        yield
        return
    core.set("ipsr", NMI)
    try:
        yield
    finally:
        core.set("ipsr", 0)


def save_registers(core: CoreRegisters) -> SavedRegisters:
    """Read every register of the core."""
    general = core.get_many(GENERAL)
    exception, control = core.get("ipsr") & XPSR_NUMBER, core.get("control")
    with privileged(core):
        masks, stacks = core.get_many(MASKS), core.get_many(STACKS)
    floating_point = core.get_many(FLOATING_POINT) if core.has_fpu else ()
    return SavedRegisters(exception, control, general, floating_point, masks, stacks)


def restore_registers(core: CoreRegisters, saved: SavedRegisters) -> None:
    """Put them back, whatever mode and stack the core has come to."""
    core.set("ipsr", NMI)
    core.set("control", 0)
    core.set("ipsr", 0)
    core.set("control", 0)  # privileged thread mode on the main stack
    for names, values in ((MASKS, saved.masks), (STACKS, saved.stacks)):
        for name, value in zip(names, values, strict=True):
            if core.get(name) != value:  # a Cortex-M0 has one mask, and must not be given others
                core.set(name, value)
    if saved.exception:
        core.set("ipsr", saved.exception)
        core.set("control", saved.control & ~CONTROL_SPSEL)
    else:
        core.set("control", saved.control)
    if saved.floating_point:
        core.set_many(FLOATING_POINT, saved.floating_point)
    *general, pc = saved.general
    core.set_many(GENERAL, (*general, pc | THUMB_BIT))
