"""What Unicorn's TLB holds of a page, so that stores to RAM take its short way.

Hardware: an M core has no TLB. Unicorn: a store to a page goes through a helper that looks for
translated code there, and goes on doing so while one of these holds: the page's entry allows
execution (which an M core's default memory map does for every RAM), or a memory hook covers the
page (also one that is called for failures alone). Such a page's entry is not found again either
once another page has taken its place, so that two pages that share a place are looked up anew at
each turn of a loop. We: fill the TLB ourselves, with execution where code is fetched. The memory's
own permissions still decide what faults. A RAM whose code runs allows execution in every entry:
there a store may change code.

tests/unicorn_traps/test_tlb.py tells when this can go; Unicorn 2.1.4.
"""

from __future__ import annotations

import ctypes
from typing import Any

from unicorn import Uc
from unicorn import unicorn_const as ucc
from unicorn.unicorn_py3 import unicorn as unicorn_binding

from emulator.engine.library import native_library

MOST_STRETCHES = 32


class _Stretch(ctypes.Structure):
    base: int
    last: int
    _fields_ = [("base", ctypes.c_uint32), ("last", ctypes.c_uint32)]


class _Executable(ctypes.Structure):
    n: int
    stretches: Any
    _fields_ = [("n", ctypes.c_uint32), ("stretches", _Stretch * MOST_STRETCHES)]


class Tlb:
    """Fills the TLB of one Unicorn instance; natively when ``library`` is given."""

    def __init__(self, uc: Uc, library: ctypes.CDLL | None) -> None:
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
        """From now on the pages of this stretch may hold code; entries made before must be flushed."""
        stretch = self._executable.stretches[self._executable.n]
        stretch.base, stretch.last = base, base + size_bytes - 1
        self._executable.n += 1

    def _fill(self, _uc: Uc, page: int, access: int, entry: Any, _data: object) -> bool:
        executable = self._executable
        code = access == ucc.UC_MEM_FETCH or any(
            s.base <= page <= s.last for s in executable.stretches[: executable.n]
        )
        entry.paddr = page
        entry.perms = ucc.UC_PROT_ALL if code else ucc.UC_PROT_READ | ucc.UC_PROT_WRITE
        return True
