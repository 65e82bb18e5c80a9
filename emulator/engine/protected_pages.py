"""What the TLB holds of each page while a Memory Protection Unit is on. Twin: protected_pages.h.

A page of which all is treated alike has an entry with what may be done there: it costs nothing. A page
of which some is treated otherwise (a guard of 32 bytes, say) is redirected to a place beyond the core's
4 GiB, whose callbacks look at each address. An access that is refused leaves its instruction undone.

Unicorn keeps a TLB for privileged and one for unprivileged accesses, so what changes with the mode
alone costs nothing. An entry that allows more than the rights of today is filled again, by asking for
a kind of access that it lacks; where it lacks none, and in the Python twin, the whole TLB is flushed.
Fetches are not held here: the block hook asks for them, once a block and map.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from unicorn import Uc, UcError
from unicorn.unicorn_py3 import unicorn as unicorn_binding

READ, WRITE, EXECUTE, REDIRECTED, SEEN = 1, 2, 4, 8, 16
DATA = READ | WRITE
PAGE_BITS = 12
PAGE_BYTES = 1 << PAGE_BITS
PAGES = 1 << 32 - PAGE_BITS
MOST_PLACES = 4096
PLACES_KEPT = MOST_PLACES // 2
"""A map has far fewer pages of two kinds, so that there is room until the next one is used."""
USER_SHIFT = 2
REDIRECTED_BASE = 1 << 32
REFUSE = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32)
LOAD = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32)
STORE = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32)
HOST_OF = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)
READ_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p
)
WRITE_CALLBACK = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_void_p
)


class Stretch(ctypes.Structure):
    """Addresses from ``base`` to ``last``."""

    base: int
    last: int
    _fields_ = [("base", ctypes.c_uint32), ("last", ctypes.c_uint32)]


class _Protected(ctypes.Structure):
    user: int
    user_pc: int
    n_segments: int
    n_flash: int
    n_places: int
    is_forced: int
    is_refused: int
    refused_address: int
    refused_is_store: int
    refused_user: int
    n_guarded: Any
    n_pages: Any
    guarded: Any
    entries: Any
    pages: Any
    place_of: Any
    place_page: Any
    place_host: Any
    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("user", "user_pc", "n_segments", "n_flash", "n_places",
          "is_forced", "is_refused", "refused_address", "refused_is_store", "refused_user")),
        ("n_guarded", ctypes.c_uint32 * 2),
        ("n_pages", ctypes.c_uint32 * 2),
        ("starts", ctypes.c_void_p),
        ("rights", ctypes.c_void_p),
        ("flash", ctypes.c_void_p),
        ("guarded", ctypes.c_void_p * 2),
        ("redirected", ctypes.c_uint64),
        ("entries", ctypes.c_void_p * 2),
        ("pages", ctypes.c_void_p * 2),
        ("place_of", ctypes.c_void_p),
        ("place_page", ctypes.c_void_p),
        ("place_host", ctypes.c_void_p),
        ("refuse", REFUSE),
        ("load", LOAD),
        ("store", STORE),
        ("host_of", HOST_OF),
    ]  # fmt: skip


class PageRights:
    """Segments of the address space for :class:`ProtectedPages`: where each begins, what it allows.

    ``rights``: :data:`READ` and :data:`WRITE`, and :data:`USER_SHIFT` bits above them the user's.
    ``guarded``: pages of which the block hook keeps a part, for privileged and for user's accesses.
    """

    def __init__(
        self,
        starts: Sequence[int],
        rights: Sequence[int],
        guarded: tuple[Sequence[int], Sequence[int]] = ((), ()),
    ) -> None:
        self.guarded = frozenset(guarded[0]), frozenset(guarded[1])
        self.native_guarded = [(ctypes.c_uint32 * max(1, len(pages)))(*pages) for pages in guarded]
        self.starts, self.rights = tuple(starts), tuple(rights)
        self.native_starts = (ctypes.c_uint32 * len(starts))(*starts)
        self.native_rights = (ctypes.c_uint8 * len(rights))(*rights)


EVERYTHING = PageRights((0,), (DATA | DATA << USER_SHIFT,))


class ProtectedPages:
    """Decides what a TLB's entries allow; one for each Unicorn instance whose MPU has been on.

    ``host_of(page)``: the page's bytes, 0 for a device's or where stores may change code; there
    ``load(address, size)`` and ``store(address, size, value)`` make the access. ``refused(address,
    is_store)``: an access to a redirected page was refused, while its instruction executes.
    ``flash``: (first, last) addresses of memories that no store changes; ``store`` refuses to.
    """

    def __init__(
        self,
        uc: Uc,
        library: ctypes.CDLL | None,
        *,
        flash: Sequence[tuple[int, int]],
        host_of: Callable[[int], int],
        load: Callable[[int, int], int],
        store: Callable[[int, int, int], None],
        refused: Callable[[int, bool], None],
    ) -> None:
        self._uc, self._library = uc, library
        self._now = EVERYTHING
        self._flash = (Stretch * max(1, len(flash)))(*(Stretch(*stretch) for stretch in flash))
        self._host_of, self._load, self._store, self._told = host_of, load, store, refused
        bytes_of_pages, words_of_pages = ctypes.c_uint8 * PAGES, ctypes.c_uint32 * PAGES
        self._memory: list[ctypes.Array[Any]] = [
            *(bytes_of_pages(), bytes_of_pages(), words_of_pages(), words_of_pages()),
            (ctypes.c_uint16 * PAGES)(),
            (ctypes.c_uint32 * MOST_PLACES)(),
            (ctypes.c_void_p * MOST_PLACES)(),
        ]
        places = [ctypes.addressof(array) for array in self._memory]
        self.state = _Protected(
            n_flash=len(flash),
            flash=ctypes.addressof(self._flash),
            redirected=REDIRECTED_BASE,
            entries=(ctypes.c_void_p * 2)(*places[:2]),
            pages=(ctypes.c_void_p * 2)(*places[2:4]),
            place_of=places[4],
            place_page=places[5],
            place_host=places[6],
            refuse=REFUSE(lambda address, is_store: refused(address, bool(is_store))),
            load=LOAD(load),
            store=STORE(store),
            host_of=HOST_OF(host_of),
        )
        self._place_of: dict[int, int] = {}  # the twin's
        self._place_page: list[int] = []
        self._map_places()
        self.use(EVERYTHING, user=False)

    def _map_places(self) -> None:
        data = ctypes.c_void_p(ctypes.addressof(self.state))
        if self._library is None:
            self._callbacks = READ_CALLBACK(self._redirected_load), WRITE_CALLBACK(self._redirected_store)
            callbacks: tuple[Any, Any] = self._callbacks
        else:
            callbacks = self._library.bl_redirected_load, self._library.bl_redirected_store
        load, store = callbacks
        status = unicorn_binding.uclib.uc_mmio_map(
            self._uc._uch, ctypes.c_uint64(REDIRECTED_BASE), ctypes.c_size_t(2 * MOST_PLACES * PAGE_BYTES),
            ctypes.cast(load, ctypes.c_void_p), data, ctypes.cast(store, ctypes.c_void_p), data,
        )  # fmt: skip
        if status:
            raise UcError(status)

    def use(self, rights: PageRights, *, user: bool) -> None:
        """From now on these rights count; ``user``: the running code is unprivileged.

        Entries made before stay: :meth:`update`.
        """
        self._now = rights
        self.state.starts = ctypes.addressof(rights.native_starts)
        self.state.rights = ctypes.addressof(rights.native_rights)
        self.state.n_segments = len(rights.starts)
        for kind in (0, 1):
            self.state.guarded[kind] = ctypes.addressof(rights.native_guarded[kind])
            self.state.n_guarded[kind] = len(rights.guarded[kind])
        self.state.user = int(user)

    def update(self, fill: int) -> bool:
        """Bring the entries of the running code's kind to the rights of today. False: flush them all.

        ``fill``: the address of what the native hook is called with.
        """
        if self._library is None:
            return False
        return bool(self._library.bl_update_entries(self._uc._uch, ctypes.c_void_p(fill)))

    def forget_entries(self) -> None:
        """The TLB is empty."""
        if self._library is not None:
            self._library.bl_forget_entries(ctypes.byref(self.state))
        if self.state.n_places > PLACES_KEPT or len(self._place_page) > PLACES_KEPT:
            self.forget_places()

    def forget_places(self) -> None:
        """Find each redirected page's bytes anew, with an empty TLB."""
        self._place_of.clear()
        self._place_page.clear()
        if self._library is not None:
            self._library.bl_forget_places(ctypes.byref(self.state))

    @property
    def is_crowded(self) -> bool:
        """So many pages have been redirected that they should be forgotten, with a flush."""
        return bool(self.state.n_places > PLACES_KEPT or len(self._place_page) > PLACES_KEPT)

    def take_refused(self) -> tuple[int, bool, bool] | None:
        """(address, is_store, unprivileged) of the access that was refused; once."""
        state = self.state
        if not state.is_refused:
            return None
        state.is_refused = 0
        return state.refused_address, bool(state.refused_is_store), bool(state.refused_user)

    # -- the Python twin ------------------------------------------------------------------------
    def fill(self, page: int, asked: int, *, code: bool, user: bool) -> tuple[int, int] | None:
        """(physical page, what its entry allows) of a page; None: the access is refused."""
        rights = self._page_rights(page, user)
        redirected = rights & REDIRECTED
        if asked == EXECUTE:
            rights = EXECUTE | (0 if redirected else rights)
        elif code and not redirected:
            rights |= EXECUTE
        if not rights & asked:
            self._refuse(page, asked == WRITE, user)
            return None
        physical = self._place_of_page(page, user) if rights & REDIRECTED else page
        return physical, rights & (DATA | EXECUTE)

    def _rights_in(self, segment: int, user: bool) -> int:
        return self._now.rights[segment] >> (USER_SHIFT if user else 0) & DATA

    def _page_rights(self, page: int, user: bool) -> int:
        first = bisect_right(self._now.starts, page) - 1
        last = bisect_right(self._now.starts, page + PAGE_BYTES - 1) - 1
        kinds = {self._rights_in(segment, user) for segment in range(first, last + 1)}
        if len(kinds) == 1:
            return kinds.pop()
        return DATA if page in self._now.guarded[user] else DATA | REDIRECTED

    def _place_of_page(self, page: int, user: bool) -> int:
        place = self._place_of.setdefault(page, len(self._place_page))
        if place == len(self._place_page):
            self._place_page.append(page)
        return REDIRECTED_BASE + (place + (MOST_PLACES if user else 0)) * PAGE_BYTES

    def _refuse(self, address: int, is_store: bool, user: bool) -> None:
        state = self.state
        state.is_refused, state.refused_address = 1, address
        state.refused_is_store, state.refused_user = int(is_store), int(user)

    def _allowed_address(self, offset: int, needed: int) -> int | None:
        number, user = (offset >> PAGE_BITS) % MOST_PLACES, offset >> PAGE_BITS >= MOST_PLACES
        address = self._place_page[number] + offset % PAGE_BYTES
        if self._rights_in(bisect_right(self._now.starts, address) - 1, user) & needed:
            return address
        if not self.state.is_refused:
            self._refuse(address, needed == WRITE, user)
            self._told(address, needed == WRITE)
        return None

    def _redirected_load(self, _uc: int, offset: int, size: int, _data: int) -> int:
        address = self._allowed_address(offset, READ)
        if address is None:
            return 0
        host = self._host_of(address & -PAGE_BYTES)
        if not host:
            return self._load(address, size)
        return int.from_bytes(ctypes.string_at(host + address % PAGE_BYTES, size), "little")

    def _redirected_store(self, _uc: int, offset: int, size: int, value: int, _data: int) -> None:
        address = self._allowed_address(offset, WRITE)
        if address is None:
            return
        host = self._host_of(address & -PAGE_BYTES)
        if host and not any(stretch.base <= address <= stretch.last for stretch in self._flash):
            ctypes.memmove(host + address % PAGE_BYTES, value.to_bytes(8, "little"), size)
        else:
            self._store(address, size, value)
