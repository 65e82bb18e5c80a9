"""Floating-point extension registers: access control, context control, features.

Lazy stacking: at an exception entry with FPCCR.LSPEN the frame's room is reserved and
LSPACT is set. The processor would write S0-S15 and FPSCR when the handler first uses
floating point; here they are written at the entry already (the room's content is UNKNOWN
until then, so nobody may look), and CONTROL.FPCA set inside the handler tells that
hardware would have saved by now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from emulator.system.exception_state import ExceptionState
from emulator.system.features import Architecture, CoreFeatures
from emulator.system.registers import merge

CPACR = 0xE000ED88
NSACR = 0xE000ED8C
FPCCR = 0xE000EF34
FPCAR = 0xE000EF38
FPDSCR = 0xE000EF3C
MVFR0 = 0xE000EF40
MVFR1 = 0xE000EF44
MVFR2 = 0xE000EF48

CPACR_FPU = 0xF << 20
CPACR_FPU_PRIVILEGED = 0x5 << 20
CPACR_CP10 = 3 << 20
FPCCR_LSPACT = 1 << 0
FPCCR_USER = 1 << 1
FPCCR_THREAD = 1 << 3
FPCCR_LSPEN = 1 << 30
FPCCR_ASPEN = 1 << 31
FPDSCR_WRITABLE = 0x07C00000
FPDSCR_FZ16, FPDSCR_NO_TAIL = 1 << 19, 4 << 16
"""Of a core with MVE: halves are flushed; LTPSIZE, which reads so (DDI 0553, FPDSCR)."""

_SINGLE = {MVFR0: 0x10110021, MVFR1: 0x11000011, MVFR2: 0x40}
_VECTORS = {MVFR1: 0x12100211}
"""A Cortex-M55's (100 101051): MVE of integers and floating point, arithmetic in half precision."""
_DOUBLE = {MVFR0: 0x10110221, MVFR1: 0x12000011, MVFR2: 0x40}


class FloatingPointControl:
    """CPACR and the FP* registers; without an FPU only CPACR, where no coprocessor is beside it, zero.

    ``context_in_use()`` is CONTROL.FPCA, ``lazily_saved()`` is called when the hardware
    would have written the reserved frame (its cycles are charged then), ``access_changed()`` when
    CPACR opens or closes the FPU.
    """

    def __init__(
        self,
        core: CoreFeatures,
        *,
        has_fpu: bool,
        is_double: bool,
        context_in_use: Callable[[], bool],
        lazily_saved: Callable[[], None],
        access_changed: Callable[[], None] = lambda: None,
        state: ExceptionState | None = None,
    ) -> None:
        self._state = ExceptionState() if state is None else state
        self._state.has_fpu = int(has_fpu)
        self._access_changed = access_changed
        self._held_open = False
        self._coprocessors = 0  # CPACR's bits of those beside the FPU
        self.has_fpu = has_fpu
        self._decides = CPACR_CP10 if core.architecture is Architecture.V8M else CPACR_FPU
        self._context_in_use = context_in_use
        self._lazily_saved = lazily_saved
        self._features = dict(_DOUBLE if is_double else _SINGLE)
        if core.architecture is Architecture.V7M and core.name == "cortex-m4":
            self._features[MVFR2] = 0
        self._status_writable, self._status_fixed = FPDSCR_WRITABLE, 0
        if core.has_mve:
            self._features |= _VECTORS
            self._status_writable, self._status_fixed = FPDSCR_WRITABLE | FPDSCR_FZ16, FPDSCR_NO_TAIL
        self.names: dict[int, str] = {}
        if core.is_mainline:
            self.names = {CPACR: "CPACR"}
            fpu_names = {FPCCR: "FPCCR", FPCAR: "FPCAR", FPDSCR: "FPDSCR"}
            self.names |= fpu_names | {MVFR0: "MVFR0", MVFR1: "MVFR1", MVFR2: "MVFR2"}
            if core.architecture is Architecture.V8M:
                self.names[NSACR] = "NSACR"
        self.reset()

    def reset(self) -> None:
        """No access, automatic and lazy stacking on."""
        self._access = 0
        self.default_status = 0
        self.frame_address = 0
        self._context = FPCCR_ASPEN | FPCCR_LSPEN if self.has_fpu else 0

    @property
    def frame_address(self) -> int:
        """FPCAR."""
        return self._state.fp_frame_address

    @frame_address.setter
    def frame_address(self, address: int) -> None:
        self._state.fp_frame_address = address

    @property
    def _context(self) -> int:
        """FPCCR."""
        return self._state.fp_context

    @_context.setter
    def _context(self, context: int) -> None:
        self._state.fp_context = context

    def hold_open(self, held: bool) -> None:
        """From now on it is as if CPACR opened the FPU, or no longer."""
        self._held_open = held
        self._access_changed()

    def accessible(self, *, unprivileged: bool) -> bool:
        """CPACR lets code use floating point: both CP10 and CP11 must (B3.2.20).

        ARMv8-M asks CP10 alone (DDI 0553, D1.2.14).
        """
        wanted = (CPACR_FPU if unprivileged else CPACR_FPU_PRIVILEGED) & self._decides
        return self._held_open or self._access & wanted == wanted

    def has_coprocessors(self, numbers: Iterable[int]) -> int:
        """The chip has these beside the FPU; gives CPACR's bits of all of them."""
        for number in numbers:
            self._coprocessors |= 3 << 2 * number
        return self._coprocessors

    def coprocessor_accessible(self, number: int, *, unprivileged: bool) -> bool:
        """CPACR lets code use a coprocessor of 0 to 7."""
        wanted = (3 if unprivileged else 1) << 2 * number & self._coprocessors
        return wanted != 0 and self._access & wanted == wanted

    @property
    def closed_to_some(self) -> bool:
        """Not all code may use floating point."""
        return not self.accessible(unprivileged=True)

    @property
    def stacks_context(self) -> bool:
        """FPCCR.ASPEN: exception entry makes room for the FP registers."""
        return self.has_fpu and bool(self._context & FPCCR_ASPEN)

    @property
    def is_lazy(self) -> bool:
        """FPCCR.LSPEN."""
        return bool(self._context & FPCCR_LSPEN)

    @property
    def lazy_save_pending(self) -> bool:
        """FPCCR.LSPACT, after :meth:`fold`."""
        return bool(self._context & FPCCR_LSPACT)

    def reserve(self, address: int, *, from_thread: bool, unprivileged: bool) -> None:
        """A lazy frame was reserved with its S0 at ``address``."""
        flags = FPCCR_LSPACT
        flags |= FPCCR_THREAD if from_thread else 0
        flags |= FPCCR_USER if unprivileged else 0
        keep = self._context & (FPCCR_ASPEN | FPCCR_LSPEN)
        self._context = keep | flags
        self.frame_address = address & ~7

    def restored(self) -> None:
        """A return with an FP frame ends lazy preservation."""
        self._context &= ~FPCCR_LSPACT

    def fold(self) -> None:
        """Notice that code has used floating point since the room was reserved."""
        if self._context & FPCCR_LSPACT and self._context_in_use():
            self._context &= ~FPCCR_LSPACT
            self._lazily_saved()

    def read_word(self, address: int) -> int:
        """Read a register."""
        if address == CPACR:
            return self._access
        if not self.has_fpu or address == NSACR:
            return 0
        if address == FPCCR:
            self.fold()
            return self._context
        if address == FPCAR:
            return self.frame_address
        if address == FPDSCR:
            return self.default_status | self._status_fixed
        return self._features[address]

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write a register."""
        if address == CPACR:
            exist = self._coprocessors | (CPACR_FPU if self.has_fpu else 0)
            self._access = merge(self._access, value, mask & exist)
            self._access_changed()
        elif not self.has_fpu:
            return
        elif address == FPCCR:
            self.fold()
            self._context = merge(self._context, value, mask & (FPCCR_ASPEN | FPCCR_LSPEN | 0x17B))
        elif address == FPCAR:
            self.frame_address = merge(self.frame_address, value, mask & ~7)
        elif address == FPDSCR:
            self.default_status = merge(self.default_status, value, mask & self._status_writable)

    def save(self) -> Any:
        """State for a snapshot."""
        return (self._access, self._context, self.frame_address, self.default_status)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._access, self._context, self.frame_address, self.default_status = state
