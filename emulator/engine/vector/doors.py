"""The native hook's doors to its interpreter of Armv8.1-M. Twin: ``VectorDoors`` in interpret.h."""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable, Collection

from unicorn import unicorn_const as ucc
from unicorn.unicorn_py3 import unicorn as unicorn_binding

from emulator.engine.protected_pages import USER_SHIFT, PageRights
from emulator.engine.register_file import RegisterFile
from emulator.engine.vector.vector_state import Vectors, VectorState

FORGET_CODE = ucc.UC_CTL_TB_REMOVE_CACHE | 2 << 26 | ucc.UC_CTL_IO_WRITE << 30
"""uc_ctl's number for dropping what is translated of a stretch: two arguments, written."""
REACHED_CALLBACK = c.CFUNCTYPE(None, c.c_uint32)
REFUSES_CALLBACK = c.CFUNCTYPE(c.c_int, c.c_uint32, c.c_uint32, c.c_uint32)


class _Doors(c.Structure):
    """``VectorDoors`` in interpret.h."""

    _fields_ = (
        *((name, c.c_void_p) for name in ("state", "registers", "q", "read", "write", "rights")),
        ("refuses", REFUSES_CALLBACK),
        ("control", c.c_void_p),
        ("forget", c.c_uint64),
    )


class _DataRights(c.Structure):
    """``DataRights`` in data_rights.h."""

    starts: int
    rights: int
    n: int
    shift: int
    _fields_ = (("starts", c.c_void_p), ("rights", c.c_void_p), ("n", c.c_uint32), ("shift", c.c_uint32))


class _Elements(c.Structure):
    """``Elements`` in addresses.h."""

    _fields_ = (("active", c.c_uint32), ("addresses", c.c_uint32 * 16))


class VectorDoors:
    """One hook's. ``refuses(address, size_bytes, is_store)``: whether an MPU does; asked when it seems to."""

    def __init__(
        self, library: c.CDLL, engine: int, state: VectorState, registers: RegisterFile, vectors: Vectors
    ) -> None:
        self._library, self._engine = library, engine
        self.refuses: Callable[[int, int, bool], bool] = lambda _address, _size_bytes, _is_store: False
        self.refusal = ""  # in words, when it did last
        self._kept = (state, registers, vectors)
        self._followed: tuple[PageRights | None, bool] = None, False
        self._rights = _DataRights()
        callback = REFUSES_CALLBACK(
            lambda address, size, store: int(self.refuses(address, size, bool(store)))
        )
        uclib = unicorn_binding.uclib
        doors = (uclib.uc_mem_read, uclib.uc_mem_write, uclib.uc_ctl)
        read, write, control = (c.cast(door, c.c_void_p).value for door in doors)
        self._doors = _Doors(
            *(c.addressof(each) for each in self._kept),
            read,
            write,
            c.addressof(self._rights),
            callback,
            control,
            FORGET_CODE,
        )
        for name, result, arguments in (
            ("bl_operation_number", c.c_int, [c.c_char_p]),
            ("bl_share_vectors", None, [c.c_void_p, c.c_void_p]),
            ("bl_add_program", None,
             [c.c_void_p, *(c.c_uint32,) * 3, c.c_void_p, c.c_char_p, c.c_uint32, c.c_void_p]),
            ("bl_redirect", None, [c.c_void_p, c.c_uint32]),
            ("bl_watch_programs", None, [c.c_void_p, c.c_void_p, c.c_uint32, REACHED_CALLBACK]),
            ("bl_elements", c.POINTER(_Elements), [c.c_void_p]),
            ("bl_run_part", c.c_int, [c.c_void_p, c.c_void_p, c.c_uint32, c.c_uint32]),
        ):  # fmt: skip
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        library.bl_share_vectors(engine, c.byref(self._doors))

    def follow_rights(self, rights: PageRights | None, user: bool) -> None:
        """From now on these rights count for data, none: everything is allowed; ``user``: unprivileged."""
        if self._followed[0] is rights and self._followed[1] is user:
            return
        self._followed = rights, user
        if rights is None:
            self._rights.n = 0
            return
        self._rights.starts = c.addressof(rights.native_starts)
        self._rights.rights = c.addressof(rights.native_rights)
        self._rights.n, self._rights.shift = len(rights.starts), USER_SHIFT if user else 0

    def number_of(self, name: str) -> int:
        """The number of an operation, -1 when there is none."""
        return int(self._library.bl_operation_number(name.encode()))

    def add_program(
        self, address: int, it: int, size_bytes: int, host: int, code: bytes, count: int, operations: int
    ) -> None:
        """Tell of a line of code, Unicorn's without operations.

        ``it``: ITSTATE that it begins in; ``host``: its bytes where they may change.
        """
        self._library.bl_add_program(
            self._engine, address, it, size_bytes, host or None, code, count, operations
        )

    def watch(self, addresses: Collection[int], reached: Callable[[int], None]) -> None:
        """Have ``reached(address)`` called before the interpreter executes one of these instructions."""
        self._watched = (c.c_uint32 * max(1, len(addresses)))(*addresses), REACHED_CALLBACK(reached)
        self._library.bl_watch_programs(self._engine, self._watched[0], len(addresses), self._watched[1])

    def elements(self) -> tuple[int, ...]:
        """Where the data of the gather, scatter or interleaving access lie that is about to be executed."""
        found = self._library.bl_elements(self._engine).contents
        return tuple(address for n, address in enumerate(found.addresses) if found.active >> n & 1)

    def run_part(self, uc: int, pc: int, until: int) -> int:
        """Go on in the block that was entered to before ``until``: Unicorn's status."""
        return int(self._library.bl_run_part(self._engine, uc, pc, until))

    def redirect(self, block: int) -> None:
        """A block is the interpreter's: Unicorn does not enter it."""
        self._library.bl_redirect(self._engine, block)
