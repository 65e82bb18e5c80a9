"""Exception stack frames: what entry pushes, what return pops, and the mode switches.

ARMv7-M Architecture Reference Manual B1.5.6 to B1.5.8 (PushStack, ExceptionTaken,
ExceptionReturn, PopStack); ARMv8-M B3 for the EXC_RETURN of a core without TrustZone.

Order of register writes. On Unicorn 2.1.4 a write of IPSR (or of xPSR with another
exception number) swaps MSP and PSP as hardware does; CONTROL.SPSEL takes effect in thread
mode only; and with CONTROL.nPRIV set in thread mode, writes of MSP, PSP and CONTROL are
dropped. So SPSEL is changed in privileged thread mode, nPRIV is set or cleared in handler
mode or in the very write that leaves privileged thread mode, and the stack pointer of the
mode at hand is written through SP.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from emulator.system.core import CoreRegisters, MemoryFault, ProtectionFault, StackLimitFault
from emulator.system.features import Architecture, CoreFeatures
from emulator.system.fpu import FPDSCR_FZ16, FPDSCR_NO_TAIL, FloatingPointControl
from emulator.system.protection import ProtectionMap, Right
from emulator.system.scb import SystemControl

CONTROL_NPRIV = 1 << 0
CONTROL_SPSEL = 1 << 1
CONTROL_FPCA = 1 << 2
STACK_LIMIT_BITS = 0xFFFFFFF8
XPSR_NUMBER = 0x1FF
XPSR_STACK_ALIGN = 1 << 9
XPSR_IT = 0x0600FC00
XPSR_THUMB = 1 << 24

BASIC_FRAME_BYTES = 0x20
FP_FRAME_BYTES = 0x68
EXC_RETURN_STANDARD_FRAME = 1 << 4
EXC_RETURN_THREAD = 1 << 3
EXC_RETURN_PSP = 1 << 2
_EXC_RETURN_HANDLER_V7 = 0xFFFFFFF1
_EXC_RETURN_HANDLER_V8 = 0xFFFFFFB0

_INTEGER = ("r0", "r1", "r2", "r3", "r12", "lr", "pc")
_ENTRY_STATE = (*_INTEGER, "xpsr", "sp", "control", "ipsr")
_RESTORED = (*_INTEGER, "xpsr", "ipsr", "sp")
_FP = (*(f"s{n}" for n in range(16)), "fpscr")
VECTOR_STATUS = 1 << 27 | FPDSCR_FZ16 | 7 << 16
"""Of FPSCR: QC, FZ16 and LTPSIZE. A frame of a core with MVE ends in VPR."""


@dataclass(frozen=True, slots=True)
class ModeState:
    """What decides how handler mode is entered."""

    xpsr: int
    control: int
    ipsr: int


@dataclass(frozen=True, slots=True)
class PushedFrame:
    """A frame that an entry made. ``fault``: the stack could not be written there."""

    exc_return: int
    mode: ModeState
    words: tuple[int, ...]
    has_fp: bool
    is_lazy: bool
    fault: MemoryFault | None


@dataclass(frozen=True, slots=True)
class PoppedFrame:
    """A frame read back, not yet put into the core."""

    words: tuple[int, ...]
    fp_words: tuple[int, ...]
    stack_pointer: int

    @property
    def xpsr(self) -> int:
        """The stacked xPSR."""
        return self.words[7]


class StackFrames:
    """Pushes and pops frames through the core's registers."""

    def __init__(
        self,
        core: CoreRegisters,
        features: CoreFeatures,
        scb: SystemControl,
        fpu: FloatingPointControl,
        protection: Callable[[], ProtectionMap],
        ignores_limits: Callable[[], bool],
    ) -> None:
        self._protection = protection
        self._ignores_limits = ignores_limits
        self._core = core
        self._features = features
        self._scb = scb
        self._fpu = fpu
        self._is_v8 = features.architecture is Architecture.V8M
        self._fp_names = (*_FP, "vpr") if features.has_mve else _FP

    # -- entry -------------------------------------------------------------------------
    def push(self, *, thumb: bool = True) -> PushedFrame:
        """Stack the caller-saved state; ``thumb`` false: the fault was EPSR.T being zero."""
        *integer, xpsr, sp, control, ipsr = self._core.get_many(_ENTRY_STATE)
        has_fp = bool(control & CONTROL_FPCA) and self._fpu.stacks_context
        align = has_fp or self._scb.aligns_stack
        size = FP_FRAME_BYTES if has_fp else BASIC_FRAME_BYTES
        padded = align and sp & 4
        frame = (sp - size) & (0xFFFFFFF8 if align else 0xFFFFFFFC)
        stacked_xpsr = xpsr & ~(XPSR_NUMBER | XPSR_STACK_ALIGN | XPSR_THUMB) | ipsr & XPSR_NUMBER
        stacked_xpsr |= (XPSR_THUMB if thumb else 0) | (XPSR_STACK_ALIGN if padded else 0)
        words = (*integer[:6], integer[6] & ~1, stacked_xpsr)
        stored = words + (self._core.get_many(self._fp_names) if has_fp else ())
        is_lazy = has_fp and self._fpu.is_lazy
        fault = None
        try:
            unprivileged = ipsr & XPSR_NUMBER == 0 and bool(control & CONTROL_NPRIV)
            written = BASIC_FRAME_BYTES if is_lazy else size
            self._check_limit(frame, "psplim" if self._uses_psp(ipsr, control) else "msplim")
            self._check(frame, written, is_store=True, unprivileged=unprivileged)
            if is_lazy and self._refuses(frame, size, Right.WRITE, unprivileged=unprivileged):
                stored = words
            self._core.write_memory(frame, struct.pack(f"<{len(stored)}I", *stored))
        except MemoryFault as error:
            fault = error
            if error.by_limit:
                frame = error.address
        self._core.set("sp", frame)
        if has_fp and self._features.has_mve:
            begins = FPDSCR_NO_TAIL | self._fpu.default_status & FPDSCR_FZ16
            self._core.set_many(("fpscr", "vpr"), (stored[-2] & ~VECTOR_STATUS | begins, 0))
        if is_lazy:
            self._fpu.reserve(
                frame + BASIC_FRAME_BYTES, from_thread=ipsr == 0, unprivileged=bool(control & CONTROL_NPRIV)
            )
        mode = ModeState(xpsr, control, ipsr & XPSR_NUMBER)
        return PushedFrame(self._exc_return(ipsr, control, has_fp), mode, words, has_fp, is_lazy, fault)

    def _uses_psp(self, ipsr: int, control: int) -> bool:
        return ipsr & XPSR_NUMBER == 0 and bool(control & CONTROL_SPSEL)

    def _check_limit(self, frame: int, register: str) -> None:
        """Raise StackLimitFault with the limit for a frame below it (ARMv8-M, PushStack)."""
        if not self._is_v8:
            return
        limit = self._core.get(register) & STACK_LIMIT_BITS
        if frame < limit and not self._ignores_limits():
            raise StackLimitFault(limit, is_store=True)

    def _check(self, address: int, size_bytes: int, *, is_store: bool, unprivileged: bool) -> None:
        """Raise ProtectionFault where the MPU refuses the access."""
        right = Right.WRITE if is_store else Right.READ
        refused = self._refuses(address, size_bytes, right, unprivileged=unprivileged)
        if refused is not None:
            detail = self._protection().words(refused, right, unprivileged=unprivileged)
            raise ProtectionFault(refused, is_store=is_store, detail=detail)

    def _refuses(self, address: int, size_bytes: int, right: Right, *, unprivileged: bool) -> int | None:
        """The first address that the MPU refuses."""
        protection = self._protection()
        if protection.is_default:
            return None
        return protection.refused(address, size_bytes, right, unprivileged=unprivileged)

    def mode(self) -> ModeState:
        """The core's mode now."""
        xpsr, control, ipsr = self._core.get_many(("xpsr", "control", "ipsr"))
        return ModeState(xpsr, control, ipsr & XPSR_NUMBER)

    def _exc_return(self, ipsr: int, control: int, has_fp: bool) -> int:
        value = _EXC_RETURN_HANDLER_V8 if self._is_v8 else _EXC_RETURN_HANDLER_V7
        if ipsr & XPSR_NUMBER == 0:
            value |= EXC_RETURN_THREAD
            value |= EXC_RETURN_PSP if control & CONTROL_SPSEL else 0
        return value & ~EXC_RETURN_STANDARD_FRAME if has_fp else value

    def enter_handler(self, number: int, exc_return: int, pc: int, mode: ModeState) -> None:
        """Handler mode on the main stack, running exception ``number`` from ``pc``."""
        core = self._core
        if mode.xpsr & XPSR_IT:
            core.set("xpsr", mode.xpsr & ~(XPSR_IT | XPSR_NUMBER) | mode.ipsr)
        unprivileged = mode.control & CONTROL_NPRIV
        if mode.ipsr == 0 and mode.control & CONTROL_SPSEL:
            if unprivileged:
                core.set("ipsr", number)
                core.set("control", mode.control & ~CONTROL_NPRIV)
                core.set("ipsr", 0)
            core.set("control", 0)
        core.set_many(("ipsr", "lr", "pc"), (number, exc_return, pc))
        if mode.control:
            core.set("control", unprivileged)

    # -- return ------------------------------------------------------------------------
    def read_frame(self, exc_return: int) -> PoppedFrame:
        """Read the frame that ``exc_return`` points to; raises :class:`MemoryFault`."""
        frame = self._core.get("psp" if exc_return & EXC_RETURN_PSP else "sp")
        to_user = bool(exc_return & EXC_RETURN_THREAD and self._core.get("control") & CONTROL_NPRIV)
        self._check(frame, BASIC_FRAME_BYTES, is_store=False, unprivileged=to_user)
        words = struct.unpack("<8I", self._core.read_memory(frame, BASIC_FRAME_BYTES))
        fp_words: tuple[int, ...] = ()
        size, align = BASIC_FRAME_BYTES, self._scb.aligns_stack
        if not exc_return & EXC_RETURN_STANDARD_FRAME:
            size, align = FP_FRAME_BYTES, True
            if not self._fpu.lazy_save_pending or self._features.has_mve:
                self._check(frame, FP_FRAME_BYTES, is_store=False, unprivileged=to_user)
                names = self._fp_names
                fp_bytes = self._core.read_memory(frame + BASIC_FRAME_BYTES, 4 * len(names))
                fp_words = struct.unpack(f"<{len(names)}I", fp_bytes)
        stack_pointer = (frame + size) & 0xFFFFFFFF
        if align and words[7] & XPSR_STACK_ALIGN:
            stack_pointer |= 4
        return PoppedFrame(words, fp_words, stack_pointer)

    def restore(self, exc_return: int, popped: PoppedFrame) -> None:
        """Put a frame's state into the core, in the mode that ``exc_return`` names."""
        core = self._core
        control, ipsr = core.get_many(("control", "ipsr"))
        has_fp = not exc_return & EXC_RETURN_STANDARD_FRAME
        if has_fp:
            self._fpu.restored()
            if popped.fp_words:
                core.set_many(self._fp_names, popped.fp_words)
        xpsr = popped.xpsr & ~(XPSR_NUMBER | XPSR_STACK_ALIGN) | XPSR_THUMB | ipsr & XPSR_NUMBER
        integer = (*popped.words[:6], popped.words[6] & ~1)
        wanted = control & CONTROL_NPRIV | (CONTROL_FPCA if has_fp else 0)
        number = popped.xpsr & XPSR_NUMBER
        if exc_return & EXC_RETURN_THREAD:
            wanted |= CONTROL_SPSEL if exc_return & EXC_RETURN_PSP else 0
            number = 0
        if not wanted and not control:
            core.set_many(_RESTORED, (*integer, xpsr, number, popped.stack_pointer))
            return
        core.set_many((*_INTEGER, "xpsr"), (*integer, xpsr))
        if exc_return & EXC_RETURN_THREAD and control & CONTROL_NPRIV:
            core.set("control", 0)
        core.set("ipsr", number)
        core.set("control", wanted)
        core.set("sp", popped.stack_pointer)
