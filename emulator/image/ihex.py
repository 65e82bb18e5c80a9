"""Intel HEX files."""

from __future__ import annotations

import io

from intelhex import HexReaderError, IntelHex

from emulator.errors import ImageError
from emulator.image.model import Segment

EMPTY_RECORD = b":00"
TYPE_COLUMNS = slice(7, 9)
END_OF_FILE_TYPE = b"01"


def load_ihex(data: bytes, where: str) -> tuple[tuple[Segment, ...], int | None]:
    """Segments and the start address (if the file tells one).

    Raises :class:`ImageError` for a bad checksum, a missing end and other damage.
    """
    records = data.split()  # some tools end their lines with CR CR LF
    reader = IntelHex()
    try:
        reader.loadhex(io.StringIO(b"\n".join(records).decode("latin-1")))
    except HexReaderError as error:
        raise ImageError(
            f"damaged Intel HEX file: {_first_sentence(error)}",
            where=where,
            next_step="copy it again from where it was built (objcopy -O ihex makes one)",
        ) from error
    if not any(r.startswith(EMPTY_RECORD) and r[TYPE_COLUMNS] == END_OF_FILE_TYPE for r in records):
        raise ImageError(
            "the Intel HEX file has no end-of-file record: it is cut off",
            where=where,
            next_step="copy it again from where it was built",
        )
    segments = tuple(
        Segment(start, reader.tobinstr(start=start, end=end - 1), name=f"block {number}")
        for number, (start, end) in enumerate(reader.segments(), 1)
    )
    if not segments:
        raise ImageError("the Intel HEX file holds no data", where=where, next_step="build it again")
    start_address = reader.start_addr or {}
    return segments, start_address.get("EIP")


def _first_sentence(error: HexReaderError) -> str:
    return str(error).splitlines()[0]
