"""Build a chip's boot ROM from ``firmware/bootrom``: what ``peripherals`` ships as a binary.

``python -m benches.build.prebuilt`` writes them all.
"""

from __future__ import annotations

import subprocess
import tempfile
from importlib import resources
from pathlib import Path

from benches.build.support import firmware_folder

BOOT_ROMS = {
    "rp2040": ("raspberrypi", "cortex-m0plus", ("rp2040_header.S", "rp2040.c", "rp2040_real.c")),
    "rp2350": ("raspberrypi", "cortex-m33", ("rp2350_header.S", "rp2350.c", "rp2350_flash.c")),
    "imxrt1062": ("nxp", "cortex-m7", ("imxrt1062_header.S", "imxrt1062.c")),
}
"""By chip: its vendor's folder, its core, and the sources."""
FLAGS = (
    "-mthumb", "-std=c11", "-Os", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-builtin",
    "-fno-tree-loop-distribute-patterns", "-nostartfiles", "-nostdlib",
)  # fmt: skip


def shipped_rom(chip: str) -> Path:
    """The file that the package ships."""
    vendor, _core, _sources = BOOT_ROMS[chip]
    return Path(str(resources.files("peripherals") / vendor / f"{chip}.bin"))


def build_boot_rom(chip: str) -> bytes:
    """Give the ROM's bytes. Raises CalledProcessError for a compiler's complaint."""
    _vendor, core, sources = BOOT_ROMS[chip]
    folder = firmware_folder() / "bootrom"
    with tempfile.TemporaryDirectory(prefix="boardless-build-") as name:
        elf, binary = Path(name) / "rom.elf", Path(name) / "rom.bin"
        files = [str(folder / source) for source in sources]
        script = str(folder / f"{chip}.ld")
        command = [
            "arm-none-eabi-gcc",
            f"-mcpu={core}",
            *FLAGS,
            "-T",
            script,
            *files,
            "-lgcc",
            "-o",
            str(elf),
        ]
        subprocess.run(command, check=True)
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", str(elf), str(binary)], check=True)
        return binary.read_bytes()
