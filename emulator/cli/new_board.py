"""``boardless new-board``: a board file from an SVD file, an image, or both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from emulator.board.reader import load_board
from emulator.board.schema import CORES, FASTEST_HZ
from emulator.chip.bundled import bundled_chip
from emulator.chip.draft import Draft, DraftFacts, draft
from emulator.chip.facts import core_facts
from emulator.chip.memories import PAGE_BYTES, MemoryRange, memories_of
from emulator.chip.model import Chip
from emulator.chip.svd import read_svd
from emulator.cli.command import Command
from emulator.cli.options import base_option
from emulator.cli.parameter_types import Count, InputFile, OutputTarget, ValueType
from emulator.errors import UsageError
from emulator.files import OutputFile
from emulator.image import load_image
from emulator.image.model import Image

GUESSED_HZ = 16_000_000
NOTES_SHOWN = 10
MAP_SUFFIX = ".registers.json"
MAP_WORDS = "the register map"
SIZE_SUFFIXES = {"K": 1 << 10, "M": 1 << 20}


class MemoryRangeOf(ValueType):
    """A memory as ``BASE:SIZE``, such as ``0x08000000:512K``. Gives a :class:`MemoryRange` of one kind."""

    name = "range"

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def take(self, value: object) -> object:
        """Raise UsageError for what is none."""
        if isinstance(value, MemoryRange):
            return value
        base, _, size = str(value).partition(":")
        scale = SIZE_SUFFIXES.get(size[-1:].upper(), 1)
        try:
            start, size_bytes = int(base, 0), int(size[:-1] if scale > 1 else size, 0) * scale
        except ValueError:
            start, size_bytes = -1, 0
        right = start >= 0 and size_bytes > 0 and start % PAGE_BYTES == size_bytes % PAGE_BYTES == 0
        if not right or start + size_bytes > 1 << 32:
            raise UsageError(
                f"{value!r} is no memory",
                where=f"--{self.kind}",
                next_step=f"write BASE:SIZE in multiples of 0x{PAGE_BYTES:X}, such as 0x08000000:512K",
            )
        return MemoryRange(self.kind, start, size_bytes, f"given: --{self.kind} {value}")


@click.command(cls=Command)
@click.argument("output", type=OutputTarget("the board file"), metavar="FILE.toml")
@click.option("--svd", type=InputFile(), metavar="FILE", help="The chip's CMSIS-SVD file.")
@click.option("--chip", metavar="NAME", help="A chip of which pyOCD has the SVD file (boardless[svd]).")
@click.option(
    "--image",
    type=InputFile(checked=False),
    metavar="FILE",
    help="A firmware of the chip: its memories, and its core where nothing else says it.",
)
@base_option
@click.option(
    "--flash", type=MemoryRangeOf("flash"), multiple=True, metavar="BASE:SIZE", help="A flash, as 0x0:512K."
)
@click.option(
    "--ram", type=MemoryRangeOf("ram"), multiple=True, metavar="BASE:SIZE", help="A RAM, as 0x20000000:64K."
)
@click.option("--core", type=click.Choice(list(CORES)), help="The core, if it is not as the SVD file says.")
@click.option("--reset-hz", type=Count(1, FASTEST_HZ), metavar="HZ", help="The core's clock after reset.")
@click.option("--console", default="", metavar="DEVICE", help="The peripheral that is the console.")
def new_board(
    *,
    output: OutputFile,
    svd: Path | None,
    chip: str | None,
    image: Path | None,
    base: int | None,
    flash: Sequence[MemoryRange],
    ram: Sequence[MemoryRange],
    core: str | None,
    reset_hz: int | None,
    console: str,
) -> None:
    """Write a board file for a chip that no shipped family describes.

    Every peripheral of the chip becomes a block of registers that keep what is written, with the chip's
    own names, fields and reset values, which reports use. They stand in a file beside FILE.toml. What the
    sources do not say is a guess, and is told. docs/new-board.md goes through it.
    """
    if svd is not None and chip is not None:
        raise UsageError("--svd and --chip both name a chip", next_step="leave one of them out")
    if svd is None and chip is None and image is None:
        raise UsageError(
            "nothing says what the board is", next_step="give --svd FILE, --chip NAME or --image FILE"
        )
    if output.path.suffix != ".toml":
        raise UsageError("a board file's name ends in .toml", where=str(output))
    described = read_svd(svd) if svd is not None else bundled_chip(chip) if chip is not None else None
    firmware = None if image is None else load_image(image, base=base)
    map_path = output.path.with_suffix(MAP_SUFFIX)
    OutputFile(map_path, MAP_WORDS).try_out()
    written = draft(
        described or _chip_of_image(image, firmware),
        DraftFacts(
            core=core_facts(described, firmware, core),
            memories=memories_of(firmware, [*flash, *ram]),
            reset_hz=reset_hz or GUESSED_HZ,
            reset_is_guess=reset_hz is None,
            map_name=map_path.name,
            console=console,
        ),
    )
    if written.register_map:
        OutputFile(map_path, MAP_WORDS).write_text(written.register_map)
    output.write_text(written.board)
    load_board(str(output.path))
    _tell(output, map_path, written)


def _chip_of_image(image: Path | None, firmware: Image | None) -> Chip:
    assert image is not None and firmware is not None, "there is an SVD file, or an image"
    return Chip(image.stem, "", f"{image.name}, SHA-256 {firmware.sha256[:16]}", None, ())


def _tell(output: OutputFile, map_path: Path, written: Draft) -> None:
    plural = "" if written.devices == 1 else "s"
    lines = [f"board file:   {output}, {written.devices} device{plural}"]
    if written.register_map:
        lines.append(f"register map: {map_path}, {written.registers:,} registers")
    if written.console_type:
        lines.append(f"console:      {written.console}, modelled by {written.console_type}")
    lines += [f"guess:        {guess}" for guess in written.guesses]
    lines += [f"note:         {note}" for note in written.notes[:NOTES_SHOWN]]
    if len(written.notes) > NOTES_SHOWN:
        lines.append(f"note:         and {len(written.notes) - NOTES_SHOWN} more like these")
    lines.append(f"next:         boardless run IMAGE --board {output}")
    click.echo("\n".join(lines))
