"""Firmware files: what is in them, and whether it fits a board."""

from emulator.image.checks import check_image, check_vectors
from emulator.image.loader import load_image, require_base
from emulator.image.model import Image
from emulator.image.symbol_file import add_symbols
from emulator.image.together import AddedFile, add_files

__all__ = [
    "AddedFile",
    "Image",
    "add_files",
    "add_symbols",
    "check_image",
    "check_vectors",
    "load_image",
    "require_base",
]
