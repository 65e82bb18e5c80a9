"""What the native hook is told so that it enters and leaves handlers itself. Twin: exceptions.h."""

from __future__ import annotations

import ctypes as c
from collections.abc import Iterable
from typing import Any

from unicorn import arm_const as arm
from unicorn.unicorn_py3 import unicorn as unicorn_binding

from emulator.engine.core import STACK_LIMITS, Core, HostMemory
from emulator.system.exception_state import ExceptionState

REGISTER_IDS = (
    *(arm.UC_ARM_REG_SP, arm.UC_ARM_REG_LR, arm.UC_ARM_REG_PC, arm.UC_ARM_REG_XPSR, arm.UC_ARM_REG_IPSR),
    *(arm.UC_ARM_REG_CONTROL, arm.UC_ARM_REG_PSP, arm.UC_ARM_REG_CPSR, arm.UC_ARM_REG_APSR_NZCV),
    *(getattr(arm, f"UC_ARM_REG_R{n}") for n in (0, 1, 2, 3, 12)),
    *(getattr(arm, f"UC_ARM_REG_S{n}") for n in range(16)),
    arm.UC_ARM_REG_FPSCR,
)
"""In the order of ``RegisterIds`` in exceptions.h."""
IS_RAM, HAS_CODE = 1, 2
"""Of a memory, in exceptions.h: whether it is written, whether code of it may be translated."""


class _HostMemory(c.Structure):
    """``HostMemory`` in exceptions.h."""

    _fields_ = (("base", c.c_uint32), ("last", c.c_uint32), ("host", c.c_void_p), ("is_ram", c.c_uint32))


def prototype_exceptions(library: c.CDLL) -> None:
    """Say what the doors take and give."""
    u32, pointer = c.c_uint32, c.c_void_p
    for name, result, arguments in (
        ("bl_run", c.c_int, [pointer, pointer, u32]),
        ("bl_take_exception", u32, [pointer, pointer]),
        ("bl_share_exceptions", None, [pointer] * 7),
        ("bl_share_memories", None, [pointer, u32, pointer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


def share_exceptions(library: c.CDLL, engine: int, core: Core, state: ExceptionState) -> None:
    """Let the hook enter and leave handlers by ``state``, which must outlive it."""
    limits = [core.stack_limits.get(name) for name in STACK_LIMITS]
    places = [None if place is None else c.addressof(place) for place in (core.monitor, *limits)]
    library.bl_share_exceptions(
        engine,
        c.addressof(state),
        c.cast(unicorn_binding.uclib.uc_reg_write, c.c_void_p),
        (c.c_int * len(REGISTER_IDS))(*REGISTER_IDS),
        *places,
    )
    share_memories(library, engine, core.memories)


def share_memories(library: c.CDLL, engine: int, memories: Iterable[HostMemory]) -> None:
    """Tell where the bytes of the memories are."""
    rows: list[Any] = [
        _HostMemory(
            m.region.base,
            m.end - 1,
            m.pointer,
            (IS_RAM if m.region.kind == "ram" else 0) | (HAS_CODE if m.executes else 0),
        )
        for m in memories
        if m.end > m.region.base
    ]
    library.bl_share_memories(engine, len(rows), (_HostMemory * len(rows))(*rows))
