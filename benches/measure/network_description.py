"""What the firmware's ELF says of its own network: the layers, by the index that the markers carry.

``boardless build`` puts it as JSON into the section ``.boardless.network``, which is not loaded.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from math import prod
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from emulator.errors import UsageError
from emulator.files import read_bytes

SECTION = ".boardless.network"


@dataclass(frozen=True, slots=True)
class LayerDescription:
    """One kernel call. Shapes as in the model, batch first; ``macs`` of one inference."""

    operator: str
    kernel: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    macs: int

    @property
    def elements(self) -> int:
        """Elements of the output."""
        return prod(self.output_shape)


def describes_itself(image: Path) -> bool:
    """Whether an image is one of ours, with its layers in it."""
    return bool(_text_of(image))


def _text_of(image: Path) -> bytes:
    try:
        section = ELFFile(io.BytesIO(read_bytes(image))).get_section_by_name(SECTION)
        return bytes(section.data()) if section is not None else b""
    except ELFError:
        return b""


def read_layers(image: Path) -> tuple[LayerDescription, ...]:
    """The layers of an image of ours. Raises :class:`UsageError` for any other image."""
    text = _text_of(image)
    if not text:
        raise UsageError(
            f"the image has no section {SECTION}: its layers are not known",
            where=str(image),
            next_step="Images of `boardless build` have one; `boardless explain` takes any image.",
        )
    try:
        return tuple(
            LayerDescription(
                item["operator"],
                item["kernel"],
                tuple(item["input_shape"]),
                tuple(item["output_shape"]),
                int(item["macs"]),
            )
            for item in json.loads(text.rstrip(b"\0"))["layers"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"the section {SECTION} is damaged: {error}", where=str(image), next_step="Build the image again."
        ) from error
