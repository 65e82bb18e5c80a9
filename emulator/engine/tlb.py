"""Unicorn's TLB, filled and sized so that loads and stores take its short way. Twin: tlb.c.

An M core has no TLB; only host time depends on this. What Unicorn 2.1.4 does, and what we do
about it (tests/unicorn_traps/test_tlb.py tells when it can go):

* A store to a page goes through a helper that looks for translated code there, at each store,
  while the page's entry allows execution (an M core's default memory map does for every RAM) or
  a memory hook covers the page (also one that is called for failures alone). We fill the TLB
  ourselves, with execution only where code is fetched; the memory's own permissions still decide
  what faults. A RAM whose code has run allows execution in every entry: a store may change code
  there.
* A page's place in the TLB is its number modulo the number of entries, 256 at first. Flash and
  RAM begin at multiples of 64 MiB, so a buffer and the weights that lie equally far into the two
  put each other out at every turn of a loop. Only an overfull TLB grows, twofold at a flush. We
  fill it up and flush it until the bases of an M core's memories differ in their places.
* Before it asks for an entry Unicorn restores the state of the instruction, with its IT state,
  which translated code has already left for the block that follows. A load in an IT block would
  make that block a conditional one. We take the IT state back.
"""

from __future__ import annotations

import ctypes
from typing import Any

from unicorn import Uc
from unicorn import arm_const as arm
from unicorn import unicorn_const as ucc
from unicorn.unicorn_py3 import unicorn as unicorn_binding

from emulator.engine.library import add_native_hook
from emulator.engine.protected_pages import EXECUTE, PAGE_BITS, PAGES, READ, WRITE, ProtectedPages, Stretch

MOST_STRETCHES = 32
PAGE_SHIFT = PAGE_BITS
IT_STATE = 0x0600FC00  # CPSR bits 26:25 and 15:10
FEWEST_ENTRIES, ENTRIES = 1 << 6, 1 << 16
"""0x0800_0000, 0x1000_0000 and 0x2400_0000 differ in their places among the latter, as do their
neighbours; 0x2000_0000 is one with 0x1000_0000."""
FLUSHES_THAT_WIDEN = 16  # widening takes 5 ms: too much for a firmware whose every change flushes
OVERFULL = 0.75  # it grows when more than 0.7 of it is in use


class _Fill(ctypes.Structure):
    protected: Any
    is_stopped: int
    n: int
    stretches: Any
    _fields_ = [
        ("reg_read", ctypes.c_void_p),
        ("reg_write", ctypes.c_void_p),
        ("translate", ctypes.c_void_p),
        ("protected", ctypes.c_void_p),
        ("filled", ctypes.c_void_p),
        ("is_stopped", ctypes.c_uint32),
        ("n", ctypes.c_uint32),
        ("stretches", Stretch * MOST_STRETCHES),
    ]


class Tlb:
    """Fills the TLB of one Unicorn instance, which it must outlive; natively when ``library`` is given.

    ``is_wide``: it has all its entries. ``protected``: what its entries may allow, while an MPU is on.
    No page that has not been filled was ever loaded from or stored to: :meth:`filled_pages`.
    """

    def __init__(self, uc: Uc, library: ctypes.CDLL | None) -> None:
        self._uc, self._library = uc, library
        self.is_wide = False
        self._flushes = 0
        self.protected: ProtectedPages | None = None
        uclib = unicorn_binding.uclib
        self._filled = (ctypes.c_uint8 * PAGES)()
        self._state = _Fill(
            reg_read=ctypes.cast(uclib.uc_reg_read, ctypes.c_void_p),
            reg_write=ctypes.cast(uclib.uc_reg_write, ctypes.c_void_p),
            translate=ctypes.cast(uclib.uc_vmem_translate, ctypes.c_void_p),
            filled=ctypes.addressof(self._filled),
        )
        uc.ctl_set_tlb_mode(ucc.UC_TLB_VIRTUAL)
        if library is None:
            uc.hook_add(ucc.UC_HOOK_TLB_FILL, self._fill)
        else:
            add_native_hook(uc, ucc.UC_HOOK_TLB_FILL, library.bl_fill_tlb, ctypes.addressof(self._state))

    def memories_changed(self) -> None:
        """Hear that other pages answer than before, and that all entries were flushed."""
        self.is_wide = False
        if self.protected is not None:
            self.protected.forget_places()

    def allow_execution(self, base: int, size_bytes: int) -> None:
        """From now on the pages of this stretch may hold code; entries made before must be flushed.

        A flush of a TLB that is hardly used makes it small again.
        """
        self.memories_changed()
        stretch = self._state.stretches[self._state.n]
        stretch.base, stretch.last = base, base + size_bytes - 1
        self._state.n += 1

    def protect(self, pages: ProtectedPages) -> None:
        """From now on entries allow what ``pages`` says; between two runs."""
        self.protected = pages
        self._state.protected = ctypes.addressof(pages.state)
        self.is_wide = False

    def protection_changed(self) -> bool:
        """Take from the entries what :attr:`protected` no longer allows; between two runs.

        Those of the running code's kind of accesses. True: all were flushed, the others' too.
        """
        pages = self.protected
        if pages is None or not self.is_wide:  # it is flushed before the next run
            return True
        if not pages.is_crowded and pages.update(ctypes.addressof(self._state)):
            return False
        self._uc.ctl(ucc.UC_CTL_TLB_FLUSH, ucc.UC_CTL_IO_WRITE)
        pages.forget_entries()
        self._flushes += 1
        self.is_wide = self._library is None or self._flushes > FLUSHES_THAT_WIDEN
        return True

    def filled_pages(self, base: int, end: int) -> list[int]:
        """The pages between two addresses that the core has had an entry for since it was made, in order."""
        flags = bytes(memoryview(self._filled)[base >> PAGE_SHIFT : end >> PAGE_SHIFT])
        found: list[int] = []
        at = flags.find(1)
        while at >= 0:
            found.append(base + (at << PAGE_SHIFT))
            at = flags.find(1, at + 1)
        return found

    def holds_code(self, page: int) -> bool:
        """Whether stores to the page may change code that was translated."""
        return any(s.base <= page <= s.last for s in self._state.stretches[: self._state.n])

    def widen(self) -> None:
        """Grow to all the entries; between two runs."""
        entries = FEWEST_ENTRIES
        self._state.is_stopped = 1
        while entries < ENTRIES:
            self._touch_pages(int(entries * OVERFULL))
            self._uc.ctl(ucc.UC_CTL_TLB_FLUSH, ucc.UC_CTL_IO_WRITE)
            entries *= 2
        self._state.is_stopped = 0
        self.is_wide = True
        if self.protected is not None:
            self.protected.forget_entries()

    def _touch_pages(self, pages: int) -> None:
        engine = self._uc._uch
        if self._library is not None:
            self._library.bl_touch_pages(engine, ctypes.byref(self._state), pages, PAGE_SHIFT)
            return
        translate, physical = unicorn_binding.uclib.uc_vmem_translate, ctypes.byref(ctypes.c_uint64())
        for page in range(pages):
            translate(engine, ctypes.c_uint64(page << PAGE_SHIFT), ucc.UC_PROT_READ, physical)

    def _fill(self, uc: Uc, page: int, access: int, entry: Any, _data: object) -> bool:
        state, pages = self._state, self.protected
        is_fetch = access == ucc.UC_MEM_FETCH
        code = is_fetch or self.holds_code(page)
        if not state.is_stopped:
            self._filled[page >> PAGE_SHIFT] = 1
        entry.paddr = page
        entry.perms = ucc.UC_PROT_ALL if code else ucc.UC_PROT_READ | ucc.UC_PROT_WRITE
        if pages is not None and not state.is_stopped:
            asked = EXECUTE if is_fetch else WRITE if access == ucc.UC_MEM_WRITE else READ
            user = pages.state.user or (pages.state.user_pc and pages.state.user_pc == _pc(uc))
            filled = pages.fill(page, asked, code=code, user=bool(user))
            if filled is None:
                return False  # the instruction is restored as a whole, with its IT state
            entry.paddr, entry.perms = filled
        if not (is_fetch or state.is_stopped):
            cpsr = uc.reg_read(arm.UC_ARM_REG_CPSR)
            if cpsr & IT_STATE:
                uc.reg_write(arm.UC_ARM_REG_CPSR, cpsr & ~IT_STATE)
        return True


def _pc(uc: Uc) -> int:
    return int(uc.reg_read(arm.UC_ARM_REG_PC))
