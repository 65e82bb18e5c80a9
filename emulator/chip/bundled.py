"""SVD files that pyOCD brings along, by the names of chips (``pip install 'boardless[svd]'``)."""

from __future__ import annotations

import importlib.util
import re
import zipfile
from pathlib import Path

from emulator.chip.model import Chip
from emulator.chip.svd import LARGEST_FILE_BYTES, chip_of
from emulator.errors import UsageError
from emulator.schema.words import suggest

ARCHIVE = "debug/svd/svd_data.zip"
"""In pyOCD's package, since its version 0.10 (pyocd/debug/svd/loader.py)."""
MISSING = "install it with `pip install 'boardless[svd]'`, or give the chip's file with --svd"


def bundled_chip(name: str) -> Chip:
    """The chip of a name such as ``"apollo3"`` or ``"STM32F103RB"``. Raises UsageError."""
    path = _archive()
    try:
        with zipfile.ZipFile(path) as archive:
            files = {Path(entry.filename).stem: entry for entry in archive.infolist()}
            found = _best(name, list(files))
            if found is None:
                raise UsageError(
                    f"pyOCD has no SVD file for {name!r}{suggest(name.lower(), map(str.lower, files))}",
                    next_step=f"give the chip's file with --svd; it has: {', '.join(sorted(files))}",
                )
            entry = files[found]
            if entry.file_size > LARGEST_FILE_BYTES:
                raise UsageError(f"{entry.filename} is larger than an SVD file is", where=str(path))
            return chip_of(archive.read(entry), entry.filename)
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"pyOCD's SVD files can't be read: {error}", where=str(path)) from error


def _archive() -> Path:
    found = importlib.util.find_spec("pyocd")
    for folder in (found.submodule_search_locations or ()) if found is not None else ():
        path = Path(folder) / ARCHIVE
        if path.is_file():
            return path
    what = "pyOCD, whose SVD files are looked up by a chip's name, is not installed"
    raise UsageError(what if found is None else "this version of pyOCD has no SVD files", next_step=MISSING)


def _best(name: str, stems: list[str]) -> str | None:
    """The file of a chip: of its name, else the one that names most of it, an ``x`` standing for anything."""
    exact = [stem for stem in stems if stem.lower() == name.lower()]
    fitting = [
        stem
        for stem in stems
        if re.match(re.escape(stem.lower()).replace("x", "[a-z0-9]"), name.lower()) and len(stem) > 3
    ]
    return max(exact or fitting, key=len, default=None)
