"""The native pricer's book, kept on disk from one run to the next, of any images on the same core.

Reading an instruction in Python costs as much as planning and pricing some blocks in C. What an encoding
is to a core follows from sources alone (:mod:`emulator.engine.kept_file`), so that the next run, of another
image, too, has those of this one at once.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from pathlib import Path

from emulator.engine.kept_file import KeptFile, name_of
from emulator.engine.native_decoded import ENTRY_BYTES
from emulator.engine.native_pricer import NativePricer

MAGIC = b"boardless book 1\n"
MOST_ENTRIES = 1 << 14


class KeptBook:
    """See :class:`emulator.engine.native_pricer.Book`."""

    def __init__(self, file: KeptFile) -> None:
        self._file = file
        content = file.read() or b""
        self._entries = content if len(content) % ENTRY_BYTES == 0 else b""
        self._new: list[bytes] = []

    @property
    def entries(self) -> bytes:
        """What is kept."""
        return self._entries

    def keep(self, entries: bytes) -> None:
        """See the protocol."""
        self._new.append(entries)

    def save(self) -> None:
        """Write what is new to the file now."""
        if not self._new or not self._file.is_ours:
            return
        self._entries += b"".join(self._new)
        self._new.clear()
        if len(self._entries) <= MOST_ENTRIES * ENTRY_BYTES:
            self._file.write(self._entries)


def keep_book(pricer: NativePricer, folder: Path, configuration: Iterable[object]) -> KeptBook:
    """Keep in ``folder`` what the pricer learns, for cores of such a configuration.

    The file is written when the pricer is no longer needed, at the program's end at the latest.
    """
    book = KeptBook(KeptFile(folder / f"{name_of(configuration)}.book", MAGIC))
    pricer.read(book.entries)
    pricer.book = book
    weakref.finalize(pricer, book.save)
    return book
