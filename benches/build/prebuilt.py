"""The images that the package ships: every benchmark for each board support package that says so, boot ROMs.

``python -m benches.build.prebuilt [FOLDER]`` writes them; the default folder is the
package's own ``benches/images``. The boot ROMs go where the devices find them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from benches.build.boot_rom import BOOT_ROMS, build_boot_rom, shipped_rom
from benches.build.firmware import SHIPPED, STREAMING, build_firmware, shipped_model
from benches.build.support import all_support, load_support
from emulator.files import OutputFile


def image_name(benchmark: str, support: str) -> str:
    """Name of a shipped image's file."""
    return f"{benchmark}-{support}.elf"


def shipped_images() -> Iterator[tuple[str, str]]:
    """Every benchmark that has a model with every board support package whose images are shipped.

    Streaming wake word where our firmware drives the audio input.
    """
    for support in (package for package in all_support() if package.prebuilt):
        for benchmark in (*SHIPPED, *([STREAMING] if support.audio_sources else [])):
            yield benchmark, support.name


def main(arguments: list[str]) -> None:
    """Build all shipped images and boot ROMs."""
    folder = Path(arguments[0]) if arguments else Path(str(resources.files("benches") / "images"))
    for benchmark, support in shipped_images():
        made = folder / image_name(benchmark, support)
        built = build_firmware(benchmark, shipped_model(benchmark), load_support(support), made)
        print(f"{made.name}: flash {built.flash_bytes}, RAM {built.ram_bytes}, arena {built.arena_bytes}")
    for chip in BOOT_ROMS:
        rom = build_boot_rom(chip)
        OutputFile(shipped_rom(chip)).write_bytes(rom)
        print(f"{chip}: {len(rom)} bytes of boot ROM")


if __name__ == "__main__":
    main(sys.argv[1:])
