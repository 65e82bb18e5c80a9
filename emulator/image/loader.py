"""Any firmware file to an :class:`Image`; its content says what it is, not its name."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from emulator.board.model import Board
from emulator.errors import ImageError
from emulator.files import read_bytes
from emulator.image.binary import load_binary
from emulator.image.checks import check_image
from emulator.image.ihex import load_ihex
from emulator.image.model import Image
from emulator.image.uf2 import UF2_MAGIC, load_uf2

LARGEST_FILE_BYTES = 256 << 20
ELF_MAGIC = b"\x7fELF"
ELF_SUFFIXES = (".elf", ".axf", ".out")
HEX_SUFFIXES = (".hex", ".ihex", ".ihx")
UF2_SUFFIXES = (".uf2",)
FORMATS = {"elf": "an ELF", "hex": "a HEX file", "uf2": "a UF2 file", "bin": "a raw binary"}

SUFFIXES = {
    **dict.fromkeys(ELF_SUFFIXES, "an ELF file"),
    **dict.fromkeys(HEX_SUFFIXES, "an Intel HEX file"),
    **dict.fromkeys(UF2_SUFFIXES, "a UF2 file"),
}

# first bytes -> what the file is instead, and what to do about it
FOREIGN_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"!<arch>\n", "a static library", "link it to an ELF first"),
    (b"MZ", "a Windows program", "give the firmware's ELF, HEX, UF2 or BIN"),
    (b"\xcf\xfa\xed\xfe", "a macOS program", "give the firmware's ELF, HEX, UF2 or BIN"),
    (b"\xca\xfe\xba\xbe", "a macOS program", "give the firmware's ELF, HEX, UF2 or BIN"),
    (b"PK\x03\x04", "a ZIP archive", "unpack it and give the firmware inside"),
    (b"\x1f\x8b", "a gzip file", "unpack it and give the firmware inside"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it and give the firmware inside"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "fetch it with `git lfs pull`"),
    (b"S0", "a Motorola S-record file", "convert it: objcopy -I srec -O ihex IN OUT.hex"),
    (b"#!", "a script", "give the firmware's ELF, HEX, UF2 or BIN"),
    (b"TFL3", "a TensorFlow Lite model", "`boardless build --model` makes firmware from one"),
)
TFLITE_MAGIC_OFFSET = 4


def load_image(path: str | Path, *, base: int | None = None, board: Board | None = None) -> Image:
    """Load ELF, Intel HEX, UF2 or raw binary firmware.

    ``base``: load address of a raw binary (bytes); ignored by no other format: giving one
    for those is an error. With a ``board`` the image is checked against its core and
    memory map. Raises :class:`ImageError`, whose message names the file and a next step.
    """
    return image_of(_read(Path(path)), str(path), base=base, board=board)


def image_of(data: bytes, where: str, *, base: int | None = None, board: Board | None = None) -> Image:
    """The same for a file's content. ``where``: its name."""
    kind = recognise(data, where)
    if base is not None and kind != "bin":
        raise ImageError(
            f"--base is for raw binaries; {FORMATS[kind]} says itself where it belongs",
            where=where,
            next_step="leave --base away",
        )
    image = Image(where, hashlib.sha256(data).hexdigest(), kind, segments=())
    image = _load(image, data, base, board)
    if board is not None:
        check_image(image, board)
    return image


def require_base(path: str | Path, base: int | None, board: Board) -> None:
    """Refuse a raw binary that comes without a load address from its user: a guess may be wrong.

    Raises :class:`ImageError`, which names the address where the board's firmware usually starts.
    """
    where = str(path)
    if base is None and recognise(_read(Path(path)), where) == "bin":
        usual = f"0x{(board.image_bases or (0,))[0]:08x}"
        raise ImageError(
            "a raw binary does not say where it belongs",
            where=where,
            next_step=f"give its load address with --base; for {board.name} that is usually {usual}",
        )


def recognise(data: bytes, where: str) -> str:
    """``"elf"``, ``"hex"``, ``"uf2"`` or ``"bin"``, by content; :class:`ImageError` for what is none."""
    if not data:
        raise ImageError("the file is empty", where=where, next_step="build it again")
    suffix = Path(where).suffix.lower()
    if data.startswith(ELF_MAGIC):
        return "elf"
    if data.lstrip()[:1] == b":" and _is_text(data[:256]):
        return "hex"
    if data.startswith(UF2_MAGIC):
        return "uf2"
    for magic, what, next_step in FOREIGN_MAGIC:
        offset = TFLITE_MAGIC_OFFSET if magic == b"TFL3" else 0
        if data[offset:].startswith(magic):
            raise ImageError(f"this is {what}, not firmware", where=where, next_step=next_step)
    if suffix in SUFFIXES:
        what = SUFFIXES[suffix]
        raise ImageError(
            f"named {suffix}, but its content is not {what} (it starts with {data[:8].hex(' ')})",
            where=where,
            next_step="copy it again from where it was built; name a raw binary .bin",
        )
    return "bin"


def _load(image: Image, data: bytes, base: int | None, board: Board | None) -> Image:
    if image.format == "elf":
        from emulator.image.elf import load_elf  # noqa: PLC0415  (50 ms that others needn't wait)

        return load_elf(image, data)
    if image.format == "hex":
        segments, entry = load_ihex(data, image.path)
        return replace(image, segments=segments, entry=entry)
    if image.format == "uf2":
        return replace(
            image, segments=load_uf2(data, image.path, board.uf2_families if board is not None else ())
        )
    return load_binary(image, data, base, board)


def _read(path: Path) -> bytes:
    return read_bytes(
        path,
        limit_bytes=LARGEST_FILE_BYTES,
        error=ImageError,
        next_step="give the path of an .elf, .axf, .hex, .uf2 or .bin file",
    )


def _is_text(data: bytes) -> bool:
    return all(byte in b"\t\r\n" or 0x20 <= byte < 0x7F for byte in data)
