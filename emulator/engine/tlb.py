"""Unicorn's TLB, filled and sized so that loads and stores take its short way.

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
"""

from __future__ import annotations

import ctypes
from typing import Any

from unicorn import Uc
from unicorn import unicorn_const as ucc
from unicorn.unicorn_py3 import unicorn as unicorn_binding

MOST_STRETCHES = 32
PAGE_SHIFT = 12
FEWEST_ENTRIES, ENTRIES = 1 << 6, 1 << 16
"""0x0800_0000, 0x1000_0000 and 0x2400_0000 differ in their places among the latter, as do their
neighbours; 0x2000_0000 is one with 0x1000_0000."""
OVERFULL = 0.75  # it grows when more than 0.7 of it is in use


class _Stretch(ctypes.Structure):
    base: int
    last: int
    _fields_ = [("base", ctypes.c_uint32), ("last", ctypes.c_uint32)]


class _Executable(ctypes.Structure):
    n: int
    stretches: Any
    _fields_ = [("n", ctypes.c_uint32), ("stretches", _Stretch * MOST_STRETCHES)]


class Tlb:
    """Fills the TLB of one Unicorn instance; natively when ``library`` is given.

    ``is_wide``: it has all its entries.
    """

    def __init__(self, uc: Uc, library: ctypes.CDLL | None) -> None:
        self._uc = uc
        self.is_wide = False
        self._executable = _Executable()
        self._handle = ctypes.c_size_t()
        uc.ctl_set_tlb_mode(ucc.UC_TLB_VIRTUAL)
        if library is None:
            uc.hook_add(ucc.UC_HOOK_TLB_FILL, self._fill)
            return
        status = unicorn_binding.uclib.uc_hook_add(
            uc._uch, ctypes.byref(self._handle), ucc.UC_HOOK_TLB_FILL,
            ctypes.cast(library.bl_fill_tlb, ctypes.c_void_p), ctypes.byref(self._executable),
            ctypes.c_uint64(1), ctypes.c_uint64(0),
        )  # fmt: skip
        if status:
            raise RuntimeError(f"uc_hook_add failed with {status}")

    def allow_execution(self, base: int, size_bytes: int) -> None:
        """From now on the pages of this stretch may hold code; entries made before must be flushed.

        A flush of a TLB that is hardly used makes it small again.
        """
        self.is_wide = False
        stretch = self._executable.stretches[self._executable.n]
        stretch.base, stretch.last = base, base + size_bytes - 1
        self._executable.n += 1

    def widen(self) -> None:
        """Grow to all the entries, in some 30 ms; between two runs."""
        translate, engine = unicorn_binding.uclib.uc_vmem_translate, self._uc._uch
        physical = ctypes.byref(ctypes.c_uint64())
        entries = FEWEST_ENTRIES
        while entries < ENTRIES:
            for page in range(int(entries * OVERFULL)):
                translate(engine, ctypes.c_uint64(page << PAGE_SHIFT), ucc.UC_PROT_READ, physical)
            self._uc.ctl(ucc.UC_CTL_TLB_FLUSH, ucc.UC_CTL_IO_WRITE)
            entries *= 2
        self.is_wide = True

    def _fill(self, _uc: Uc, page: int, access: int, entry: Any, _data: object) -> bool:
        executable = self._executable
        code = access == ucc.UC_MEM_FETCH or any(
            s.base <= page <= s.last for s in executable.stretches[: executable.n]
        )
        entry.paddr = page
        entry.perms = ucc.UC_PROT_ALL if code else ucc.UC_PROT_READ | ucc.UC_PROT_WRITE
        return True
